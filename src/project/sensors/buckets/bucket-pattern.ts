import { posix } from 'node:path';

export type BucketScheme = 's3' | 'gs';

/** Objects that `s3://bucket/folder/*.csv` means. */
export interface BucketPattern {
  readonly scheme: BucketScheme;
  readonly bucket: string;
  /** What all their keys begin with. */
  readonly prefix: string;
  /** Never true of the empty objects that stand for folders. */
  readonly fits: (key: string) => boolean;
}

/** Undefined for what is no address of a bucket. One that ends with `/` means everything below. */
export function bucketPattern(files: string): BucketPattern | undefined {
  const [, scheme, bucket, rest = ''] = /^(s3|gs):\/\/([^/*?[{]+)(?:\/(.*))?$/s.exec(files) ?? [];
  if (scheme === undefined || bucket === undefined) return undefined;
  const isFolder = rest === '' || rest.endsWith('/');
  const prefix = rest.slice(0, rest.search(/[*?[{]|$/));
  const isPlain = prefix === rest;
  const glob = isFolder ? `${rest}**` : rest;
  const fitsRest = (key: string): boolean =>
    isPlain ? isFolder || key === rest : posix.matchesGlob(key, glob);
  return {
    scheme: scheme as BucketScheme,
    bucket,
    prefix,
    fits: (key) => !key.endsWith('/') && fitsRest(key),
  };
}
