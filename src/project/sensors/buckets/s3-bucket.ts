import type * as Client from '@aws-sdk/client-s3';
import { ConfigError } from '../../../core/errors.ts';
import { bucketError } from './bucket-error.ts';
import type { Bucket, BucketObject } from './bucket.ts';

export interface S3Access {
  /** Another server than Amazon's, such as MinIO: `http://127.0.0.1:9000`. */
  readonly endpoint?: string | undefined;
  readonly region?: string | undefined;
  /** Without one, the client looks in its own places: the environment, `~/.aws`, the machine's role. */
  readonly accessKeyId?: string | undefined;
  readonly secretAccessKey?: string | undefined;
  readonly sessionToken?: string | undefined;
}

/** A region means nothing to other servers, yet the client asks for one. */
const regionElsewhere = 'us-east-1';

/** @throws ConfigError when the client is not installed */
export async function openS3Bucket(name: string, access: S3Access): Promise<Bucket> {
  const { S3Client, paginateListObjectsV2 } = await loadClient();
  const client = new S3Client(settings(access));
  return {
    async *list({ prefix, after }, signal) {
      const request = { Bucket: name, Prefix: prefix, StartAfter: after };
      try {
        const pages = paginateListObjectsV2({ client }, request, { abortSignal: signal });
        for await (const { Contents = [] } of pages) yield Contents.map(toObject);
      } catch (error) {
        throw bucketError(error, `s3://${name}`, 's3:ListBucket');
      }
    },
  };
}

async function loadClient(): Promise<typeof Client> {
  try {
    return await import('@aws-sdk/client-s3');
  } catch (error) {
    throw new ConfigError('a sensor of s3:// needs the package @aws-sdk/client-s3', {
      code: 'package_missing',
      next: 'Install it: npm install @aws-sdk/client-s3',
      cause: error,
    });
  }
}

function settings(access: S3Access): Client.S3ClientConfig {
  const { endpoint, accessKeyId, secretAccessKey, sessionToken } = access;
  const region =
    access.region ?? process.env['AWS_REGION'] ?? (endpoint === undefined ? undefined : regionElsewhere);
  return {
    followRegionRedirects: endpoint === undefined,
    ...(region === undefined ? {} : { region }),
    ...(endpoint === undefined ? {} : { endpoint, forcePathStyle: true }),
    ...(accessKeyId === undefined || secretAccessKey === undefined
      ? {}
      : {
          credentials: {
            accessKeyId,
            secretAccessKey,
            ...(sessionToken === undefined ? {} : { sessionToken }),
          },
        }),
  };
}

function toObject({ Key = '', LastModified, ETag = '' }: Client._Object): BucketObject {
  return { key: Key, changedAtMs: LastModified?.getTime() ?? 0, version: ETag };
}
