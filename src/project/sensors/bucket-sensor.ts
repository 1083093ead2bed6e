import { expandEnvironment, type Environment } from '../../config/environment.ts';
import type { SensorProbe } from '../../core/sensor.ts';
import type { FilesSource, GcsSource, S3Source } from './definition.ts';
import type { Bucket } from './buckets/bucket.ts';
import { bucketPattern } from './buckets/bucket-pattern.ts';
import { bucketProbe } from './bucket-probe.ts';
import { openGcsBucket } from './buckets/gcs-bucket.ts';
import { openS3Bucket } from './buckets/s3-bucket.ts';

export interface BucketSurroundings {
  readonly environment: Environment;
  readonly keepSecret: (secrets: readonly string[]) => void;
}

/** The probe of a source whose files are in a bucket; undefined for files of this machine. */
export function bucketProbeOf(
  source: FilesSource,
  file: string,
  around: BucketSurroundings,
): SensorProbe | undefined {
  const pattern = bucketPattern(source.files);
  if (!pattern) return undefined;
  const open = async (): Promise<Bucket> => {
    const filled = (text: string | undefined): string | undefined =>
      text === undefined ? undefined : expandEnvironment(text, around.environment, { file });
    return pattern.scheme === 's3'
      ? openS3(pattern.bucket, source as S3Source, filled, around)
      : openGcs(pattern.bucket, source as GcsSource, filled);
  };
  return bucketProbe(source, pattern, open, Date.now);
}

type Fill = (text: string | undefined) => string | undefined;

async function openS3(
  bucket: string,
  source: S3Source,
  filled: Fill,
  { keepSecret }: BucketSurroundings,
): Promise<Bucket> {
  const secretAccessKey = filled(source.secretAccessKey);
  const sessionToken = filled(source.sessionToken);
  keepSecret([secretAccessKey, sessionToken].filter((secret) => secret !== undefined));
  return openS3Bucket(bucket, {
    endpoint: filled(source.endpoint),
    region: filled(source.region),
    accessKeyId: filled(source.accessKeyId),
    secretAccessKey,
    sessionToken,
  });
}

function openGcs(bucket: string, source: GcsSource, filled: Fill): Promise<Bucket> {
  return openGcsBucket(bucket, { endpoint: filled(source.endpoint), keyFile: filled(source.keyFile) });
}
