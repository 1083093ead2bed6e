import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { startFakeBucket, type FakeBucket } from '../../../test/support/fake-bucket.ts';
import type { JsonValue } from '../../core/json.ts';
import type { SensorFindings, SensorProbe } from '../../core/sensor.ts';
import type { BucketSource } from './definition.ts';
import { bucketPattern } from './buckets/bucket-pattern.ts';
import { bucketProbe } from './bucket-probe.ts';
import { openGcsBucket } from './buckets/gcs-bucket.ts';
import { openS3Bucket } from './buckets/s3-bucket.ts';

const minute = 60_000;
const { signal } = new AbortController();
const start = Date.UTC(2026, 0, 1);

let fake: FakeBucket;
let nowMs: number;

beforeEach(async () => {
  fake = await startFakeBucket();
  nowMs = start;
});
afterEach(() => fake.close());

type Scheme = 's3' | 'gs';

function probe(files: string, more: Omit<BucketSource, 'files'> = {}): SensorProbe {
  const pattern = bucketPattern(files);
  if (!pattern) throw new Error(`${files} is no pattern`);
  const { endpoint } = fake;
  return bucketProbe(
    { files, ...more },
    pattern,
    () =>
      pattern.scheme === 's3'
        ? openS3Bucket(pattern.bucket, { endpoint, accessKeyId: 'id', secretAccessKey: 'very-secret' })
        : openGcsBucket(pattern.bucket, { endpoint }),
    () => nowMs,
  );
}

/** Looks as the engine does: the cursor of one look is given to the next. */
function looker(sensor: SensorProbe): () => Promise<SensorFindings> {
  let cursor: JsonValue | undefined;
  return async () => {
    const found = await sensor.check({ cursor, signal });
    if (found.cursor !== undefined) cursor = JSON.parse(JSON.stringify(found.cursor)) as JsonValue;
    return found;
  };
}

function filesIn({ runs }: SensorFindings): unknown {
  return runs.map(({ input }) => (input as { files: unknown }).files);
}

describe.each<Scheme>(['s3', 'gs'])('objects of %s', (scheme) => {
  const url = (key: string): string => `${scheme}://dumps/${key}`;
  const put = (key: string, atMs: number = start): void => fake.put(key, `${key} ${atMs}`, atMs);

  it('that are new lead to one run each time, those that only changed do not', async () => {
    fake.pageSize = 2;
    const look = looker(probe(url('shop/**/*.csv')));
    expect((await look()).skip).toBe(`No object fits ${url('shop/**/*.csv')}`);
    for (const key of [
      'shop/a.csv',
      'shop/b & c.csv',
      'shop/d/é.csv',
      'shop/d/',
      'shop/e.txt',
      'other/f.csv',
    ])
      put(key);
    expect(filesIn(await look())).toEqual([['shop/a.csv', 'shop/b & c.csv', 'shop/d/é.csv'].map(url)]);
    put('shop/a.csv', start + minute);
    expect(await look()).toMatchObject({ runs: [], skip: 'Nothing new among 3 objects' });
    fake.remove('shop/a.csv');
    await look();
    put('shop/a.csv');
    expect(filesIn(await look())).toEqual([[url('shop/a.csv')]]);
  });

  it('that are there at first may be only remembered', async () => {
    put('a.csv');
    const look = looker(probe(url(''), { first: 'remember' }));
    expect((await look()).runs).toEqual([]);
    put('b.csv');
    expect(filesIn(await look())).toEqual([[url('b.csv')]]);
  });

  it('that changed lead to a run with another key', async () => {
    const look = looker(probe(url('a.csv'), { what: 'changed' }));
    put('a.csv');
    put('a.csv.gz');
    const [first] = (await look()).runs;
    fake.put('a.csv', 'of the same time, with other content', start);
    const [second] = (await look()).runs;
    expect(second?.input).toEqual(first?.input);
    expect(second?.key).not.toBe(first?.key);
    expect((await look()).runs).toEqual([]);
  });

  it('count once they are unchanged for a while', async () => {
    const look = looker(probe(url('*.csv'), { what: 'changed', stableSeconds: 30 }));
    put('a.csv', start);
    put('b.csv', start - minute);
    expect(filesIn(await look())).toEqual([[url('b.csv')]]);
    expect((await look()).skip).toContain('still for 30 s');
    nowMs += 31_000;
    expect(filesIn(await look())).toEqual([[url('a.csv')]]);
    expect((await look()).runs).toEqual([]);
  });

  it('the newest dump: not the older ones, not again when it is removed', async () => {
    put('tue.sql', start + 2 * minute);
    put('mon.sql', start + minute);
    const look = looker(probe(url('*.sql'), { what: 'newest' }));
    expect(filesIn(await look())).toEqual([[url('tue.sql')]]);
    expect((await look()).skip).toBe('Nothing new among 2 objects');
    fake.remove('tue.sql');
    expect((await look()).runs).toEqual([]);
    put('a-late-one.sql', start + 3 * minute);
    expect(filesIn(await look())).toEqual([[url('a-late-one.sql')]]);
    put('a-late-one.sql', start + 4 * minute);
    expect(filesIn(await look())).toEqual([[url('a-late-one.sql')]]);
  });

  it('another pattern under the same name begins anew', async () => {
    put('a/1.csv');
    put('b/1.csv');
    const { cursor } = await probe(url('a/')).check({ cursor: undefined, signal });
    const found = await probe(url('b/')).check({ cursor, signal });
    expect(filesIn(found)).toEqual([[url('b/1.csv')]]);
  });

  it('whose keys rise are listed from near the end, and all of them once an hour', async () => {
    for (let at = 0; at < 2500; at += 1) put(`log/${String(at).padStart(5, '0')}`);
    const look = looker(probe(url('log/'), { keys: 'rising' }));
    expect((await look()).runs).toHaveLength(1);
    expect(fake.listings).toHaveLength(3);
    put('log/02500');
    put('log/02100-late');
    put('log/00100-very-late');
    expect(filesIn(await look())).toEqual([[url('log/02100-late'), url('log/02500')]]);
    expect(fake.listings).toHaveLength(4);
    const last = fake.listings.at(-1);
    expect(last?.get(scheme === 's3' ? 'start-after' : 'startOffset')).toBe('log/01999');
    expect((await look()).skip).toBe('Nothing new after log/02001');
    nowMs += 61 * minute;
    expect(filesIn(await look())).toEqual([[url('log/00100-very-late')]]);
    expect((await look()).runs).toEqual([]);
  });

  it('whose keys rise are looked at again until they have been still', async () => {
    for (let at = 0; at < 1500; at += 1) put(`log/${String(at).padStart(5, '0')}`, start - minute);
    put('log/00300-hot', start);
    const look = looker(probe(url('log/'), { keys: 'rising', stableSeconds: 30 }));
    expect((await look()).runs).toHaveLength(1);
    expect((await look()).skip).toContain('still for 30 s');
    nowMs += 31_000;
    expect(filesIn(await look())).toEqual([[url('log/00300-hot')]]);
    expect((await look()).skip).toContain('Nothing new after log/00');
  });

  it('that are very many are handed over in several runs, and remembered in few bytes', async () => {
    for (let at = 0; at < 20_001; at += 1) put(`log/${at}`);
    const found = await probe(url('log/')).check({ cursor: undefined, signal });
    expect((filesIn(found) as string[][]).map(({ length }) => length)).toEqual([10_000, 10_000, 1]);
    expect(JSON.stringify(found.cursor).length).toBeLessThan(20_001 * 12);
    expect((await probe(url('log/')).check({ cursor: found.cursor, signal })).runs).toEqual([]);
  });

  it('of a bucket that refuses are an error that says what to do, and not the secret', async () => {
    const denied = { status: 403, code: 'AccessDenied' };
    fake.refusals.push(denied);
    await expect(probe(url('a')).check({ cursor: undefined, signal })).rejects.toMatchObject({
      kind: 'config',
      code: 'bucket_denied',
      message: expect.stringMatching(
        new RegExp(`^${scheme}://dumps cannot be listed: 403 .*It says AccessDenied$`),
      ),
      next: expect.stringContaining(scheme === 's3' ? 's3:ListBucket' : 'storage.objects.list'),
    });
    await expect(probe(`${scheme}://elsewhere/a`).check({ cursor: undefined, signal })).rejects.toMatchObject(
      { kind: 'config', code: 'bucket_missing' },
    );
  });

  it('are asked for again when the server is busy, and then it is a passing trouble', async () => {
    put('a');
    const busy = { status: 503, code: 'SlowDown' };
    fake.refusals.push(busy);
    expect(filesIn(await probe(url('a')).check({ cursor: undefined, signal }))).toEqual([[url('a')]]);
    fake.refusals.push(...Array.from({ length: 10 }, () => busy));
    await expect(probe(url('a')).check({ cursor: undefined, signal })).rejects.toMatchObject({
      kind: 'transient',
      message: expect.not.stringContaining('very-secret'),
    });
  }, 60_000);

  it('of a server that cannot be reached are a passing trouble', async () => {
    const sensor = probe(url('a'));
    await fake.close();
    await expect(sensor.check({ cursor: undefined, signal })).rejects.toMatchObject({ kind: 'transient' });
    fake = await startFakeBucket();
  }, 60_000);

  it('are not waited for when the time is over', async () => {
    const stop = new AbortController();
    const sensor = probe(url('a'));
    stop.abort();
    await expect(sensor.check({ cursor: undefined, signal: stop.signal })).rejects.toMatchObject({
      kind: 'cancelled',
    });
  });
});

it.each([
  ['s3://dumps/', '@aws-sdk/client-s3'],
  ['gs://dumps/', '@google-cloud/storage'],
])('of %s without its package, the error says what to install', async (files, name) => {
  vi.doMock(name, () => {
    throw new Error('not found');
  });
  await expect(probe(files).check({ cursor: undefined, signal })).rejects.toMatchObject({
    kind: 'config',
    code: 'package_missing',
    next: `Install it: npm install ${name}`,
  });
  vi.doUnmock(name);
});

it('requests to S3 are signed', async () => {
  await probe('s3://dumps/').check({ cursor: undefined, signal });
  expect(fake.authorizations[0]).toMatch(/^AWS4-HMAC-SHA256 Credential=id\/\d+\/us-east-1\/s3\//);
});

it('the beginning of a pattern is what is listed', () => {
  const prefixes = ['s3://b', 's3://b/', 'gs://b/a/b/', 's3://b/a/x_*.csv', 's3://b/a/{x,y}', 's3://b/a.csv'];
  expect(prefixes.map((files) => bucketPattern(files)?.prefix)).toEqual([
    '',
    '',
    'a/b/',
    'a/x_',
    'a/',
    'a.csv',
  ]);
  expect(bucketPattern('s3://*/a')).toBeUndefined();
  expect(bucketPattern('s3://')).toBeUndefined();
  expect(bucketPattern('drops/*.csv')).toBeUndefined();
  expect(bucketPattern('s3://b/*/')?.fits('a/b.csv')).toBe(true);
});
