import { DataError } from '../../../core/errors.ts';
import type { Bucket, BucketObject } from './bucket.ts';
import type { BucketPattern } from './bucket-pattern.ts';

/** A look at keys that rise begins so many keys before the last one: what comes a little late is seen at once. */
const overlapKeys = 500;
/** So many objects can be remembered. */
const mostObjects = 200_000;

export interface Survey {
  /** Objects that fit, in the order of their keys; only the newest of them when no other matters. */
  readonly objects: readonly BucketObject[];
  readonly count: number;
  /** The key after which the next look at rising keys may begin; undefined while there are few. */
  readonly settledKey: string | undefined;
}

export interface SurveyWish {
  readonly after: string | undefined;
  /** Only the object that was changed last is wanted, of keys of the same time the greatest. */
  readonly isNewestOnly: boolean;
  /** Objects that were changed after it have to be looked at again. Milliseconds since 1970, UTC. */
  readonly stillSinceMs: number;
}

/** Lists what fits. Throws what `Bucket.list` throws, and a `DataError` for more than can be remembered. */
export async function surveyBucket(
  bucket: Bucket,
  { prefix, fits }: Pick<BucketPattern, 'prefix' | 'fits'>,
  { after, isNewestOnly, stillSinceMs }: SurveyWish,
  signal: AbortSignal,
): Promise<Survey> {
  let objects: BucketObject[] = [];
  let count = 0;
  let settled: string[] = [];
  let isHeld = false;
  for await (const page of bucket.list({ prefix, after }, signal)) {
    for (const object of page) {
      const isWanted = fits(object.key);
      isHeld ||= isWanted && object.changedAtMs > stillSinceMs;
      if (!isHeld) settled.push(object.key);
      if (!isWanted) continue;
      count += 1;
      if (!isNewestOnly) objects.push(object);
      else if (isLater(object, objects[0])) objects = [object];
    }
    settled = settled.slice(-overlapKeys - 1);
    if (objects.length > mostObjects)
      throw new DataError(`more than ${mostObjects.toLocaleString('en')} objects fit`, {
        code: 'sensor_files_many',
        next: "Name a longer prefix, move away what was worked off, or ask for what: 'newest'.",
      });
  }
  return { objects, count, settledKey: settled.length > overlapKeys ? settled[0] : undefined };
}

export function isLater(object: ByTime, other: ByTime | undefined): boolean {
  if (!other || object.changedAtMs !== other.changedAtMs)
    return object.changedAtMs > (other?.changedAtMs ?? -1);
  return object.key > other.key;
}

type ByTime = Pick<BucketObject, 'key' | 'changedAtMs'>;
