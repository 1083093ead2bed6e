import type { MillraceError } from '../../core/errors.ts';
import { bucketPattern } from './buckets/bucket-pattern.ts';
import type { FilesSource } from './definition.ts';

const keysOfFiles = ['files', 'what', 'stableSeconds', 'first'];
const keysOfBuckets = [...keysOfFiles, 'keys', 'endpoint'];
const keysOf = {
  s3: [...keysOfBuckets, 'region', 'accessKeyId', 'secretAccessKey', 'sessionToken'],
  gs: [...keysOfBuckets, 'keyFile'],
};
const choices = {
  what: ['new', 'changed', 'newest'],
  first: ['run', 'remember'],
  keys: ['any', 'rising'],
};

/** @throws what `mistake` makes, for a source of files that could never work */
export function checkFilesSource(
  source: FilesSource,
  mistake: (what: string, next: string) => MillraceError,
): void {
  const { files, stableSeconds = 0 } = source;
  if (typeof files !== 'string' || files === '')
    throw mistake("'files' is no path", "Write files: 'drops/*.csv' or files: 's3://bucket/drops/'.");
  const scheme = /^([a-z0-9]+):\/\//i.exec(files)?.[1];
  const pattern = bucketPattern(files);
  if (scheme !== undefined && (scheme === 's3' || scheme === 'gs') && !pattern)
    throw mistake(`${files} names no bucket`, `Write ${scheme}://bucket/folder/*.csv.`);
  if (scheme !== undefined && !pattern)
    throw mistake(
      `it cannot watch ${scheme}://, only files of this machine, s3:// and gs://`,
      'Use check: list what is there and keep the newest name as the cursor; or let the other side call a webhook.',
    );
  const known = pattern ? keysOf[pattern.scheme] : keysOfFiles;
  const strange = Object.keys(source).find((key) => !known.includes(key));
  if (strange !== undefined)
    throw mistake(
      `${strange} means nothing beside ${scheme === undefined ? 'files of this machine' : `${scheme}://`}`,
      `Known are ${known.join(', ')}.`,
    );
  for (const [key, allowed] of Object.entries(choices)) {
    const value: unknown = Reflect.get(source, key);
    if (value !== undefined && !allowed.includes(value as string))
      throw mistake(`${key} cannot be ${JSON.stringify(value)}`, `Write ${allowed.join(' or ')}.`);
  }
  if (!(stableSeconds >= 0)) throw mistake(`stableSeconds is ${stableSeconds}`, 'It has to be 0 or more.');
  if (Boolean(Reflect.get(source, 'accessKeyId')) !== Boolean(Reflect.get(source, 'secretAccessKey')))
    throw mistake('accessKeyId and secretAccessKey go together', 'Name both, or none of them.');
}
