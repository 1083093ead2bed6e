import { createHash } from 'node:crypto';
import type { JsonObject, JsonValue } from '../../core/json.ts';
import type { AskedRun, SensorProbe } from '../../core/sensor.ts';
import type { BucketSource } from './definition.ts';
import type { Bucket, BucketObject } from './buckets/bucket.ts';
import type { BucketPattern } from './buckets/bucket-pattern.ts';
import { isLater, type Survey, surveyBucket } from './buckets/bucket-survey.ts';
import { fingerprint, packFingerprints, unpackFingerprints } from './buckets/fingerprints.ts';

interface BucketCursor extends JsonObject {
  /** The pattern that the rest is about. */
  readonly files: string;
  /** Fingerprints of objects that are no news. */
  readonly known: string;
  /** With `newest`: the last one that was no news any more. */
  readonly newest: { readonly key: string; readonly changedAtMs: number; readonly version: string } | null;
  /** With rising keys: after which key a look may begin, and when all was listed. Milliseconds since 1970, UTC. */
  readonly after: string | null;
  readonly wholeAtMs: number;
}

/** With rising keys, all is listed after this time. */
const wholeEveryMs = 3_600_000;
/** One run is told of so many objects; of more, there are more runs. */
const mostInRun = 10_000;

/** Looks at objects of a bucket as `filesProbe` looks at files. Opens the bucket at the first look. */
export function bucketProbe(
  source: BucketSource,
  pattern: BucketPattern,
  open: () => Promise<Bucket>,
  now: () => number,
): SensorProbe {
  let opened: Promise<Bucket> | undefined;
  const bucket = (): Promise<Bucket> => {
    opened ??= open().catch((error: unknown) => {
      opened = undefined;
      throw error;
    });
    return opened;
  };
  return {
    check: async ({ cursor, signal }) => {
      const before = cursorOf(cursor, source);
      const nowMs = now();
      const after = whereToBegin(source, before, nowMs);
      const stillSinceMs = source.stableSeconds ? nowMs - source.stableSeconds * 1000 : Infinity;
      const isNewestOnly = source.what === 'newest';
      const survey = await surveyBucket(
        await bucket(),
        pattern,
        { after, isNewestOnly, stillSinceMs },
        signal,
      );
      const ready = survey.objects.filter(({ changedAtMs }) => changedAtMs <= stillSinceMs);
      const known = unpackFingerprints(before?.known ?? '');
      const news = ready.filter((object) => isNews(source, before, known, object));
      const next = nextCursor(source, before, { survey, ready, known, after, nowMs });
      const isRemembered = before === undefined && source.first === 'remember';
      if (news.length === 0 || isRemembered)
        return { runs: [], cursor: next, skip: skipReason(source, survey, ready, after) };
      return { runs: askFor(news, pattern), cursor: next };
    },
  };
}

/** Of another pattern, or another kind of sensor, there is nothing to be remembered. */
function cursorOf(cursor: JsonValue | undefined, { files }: BucketSource): BucketCursor | undefined {
  const found = cursor as BucketCursor | undefined;
  return found?.files === files ? found : undefined;
}

function whereToBegin(
  { keys }: BucketSource,
  before: BucketCursor | undefined,
  nowMs: number,
): string | undefined {
  const sinceWholeMs = nowMs - (before?.wholeAtMs ?? 0);
  if (keys !== 'rising' || sinceWholeMs < 0 || sinceWholeMs >= wholeEveryMs) return undefined;
  return before?.after ?? undefined;
}

function isNews(
  source: BucketSource,
  before: BucketCursor | undefined,
  known: ReadonlySet<bigint>,
  object: BucketObject,
): boolean {
  if (source.what !== 'newest') return !known.has(printOf(source, object));
  const last = before?.newest;
  if (!last) return true;
  const isSamePlace = object.key === last.key && object.changedAtMs === last.changedAtMs;
  return isLater(object, last) || (isSamePlace && object.version !== last.version);
}

function printOf({ what }: BucketSource, { key, changedAtMs, version }: BucketObject): bigint {
  return fingerprint(what === 'changed' ? `${key}\n${changedAtMs}\n${version}` : key);
}

interface Found {
  readonly survey: Survey;
  readonly ready: readonly BucketObject[];
  readonly known: ReadonlySet<bigint>;
  readonly after: string | undefined;
  readonly nowMs: number;
}

function nextCursor(
  source: BucketSource,
  before: BucketCursor | undefined,
  { survey, ready, known, after, nowMs }: Found,
): BucketCursor {
  const isRising = source.keys === 'rising';
  const isWhole = after === undefined;
  return {
    files: source.files,
    known: source.what === 'newest' ? '' : nextKnown(source, { survey, ready, known, after, nowMs }),
    newest: source.what === 'newest' ? nextNewest(before, ready) : null,
    after: isRising ? (survey.settledKey ?? after ?? null) : null,
    wholeAtMs: !isRising ? 0 : isWhole ? nowMs : (before?.wholeAtMs ?? nowMs),
  };
}

/** Objects that are gone are forgotten when all is listed: should they come back, they are new. */
function nextKnown(source: BucketSource, { survey, ready, known, after }: Found): string {
  const kept =
    after === undefined
      ? survey.objects.map((object) => printOf(source, object)).filter((print) => known.has(print))
      : known;
  return packFingerprints(new Set([...kept, ...ready.map((object) => printOf(source, object))]));
}

/** One that is gone is remembered, so that the one before it is not taken for a newer one. */
function nextNewest(
  before: BucketCursor | undefined,
  [found]: readonly BucketObject[],
): BucketCursor['newest'] {
  const last = before?.newest ?? undefined;
  if (!found || (last && isLater(last, found))) return last ?? null;
  const { key, changedAtMs, version } = found;
  return { key, changedAtMs, version };
}

function askFor(news: readonly BucketObject[], { scheme, bucket }: BucketPattern): readonly AskedRun[] {
  const runs: AskedRun[] = [];
  for (let at = 0; at < news.length; at += mostInRun) {
    const part = news.slice(at, at + mostInRun);
    const marks = part.map(({ key, changedAtMs, version }) => `${key} ${changedAtMs} ${version}`);
    runs.push({
      key: createHash('sha256').update(marks.join('\n')).digest('hex'),
      input: { files: part.map(({ key }) => `${scheme}://${bucket}/${key}`) },
    });
  }
  return runs;
}

function skipReason(
  { files, stableSeconds }: BucketSource,
  { objects, count }: Survey,
  ready: readonly unknown[],
  after: string | undefined,
): string {
  if (ready.length < objects.length) return `An object has not been still for ${stableSeconds} s yet`;
  if (after !== undefined) return `Nothing new after ${after}`;
  return count === 0 ? `No object fits ${files}` : `Nothing new among ${count} objects`;
}
