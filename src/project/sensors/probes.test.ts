import { appendFile, mkdtemp, mkdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startReceiver, type HttpReceiver } from '../../../test/support/http-receiver.ts';
import { createTestDatabase, type TestDatabase } from '../../../test/support/postgres-database.ts';
import type { Connection } from '../../connector/connection.ts';
import { postgresConnector } from '../../connectors/postgres/index.ts';
import type { JsonValue } from '../../core/json.ts';
import type { SensorFindings, SensorProbe } from '../../core/sensor.ts';
import { filesProbe } from './files-probe.ts';
import { httpProbe } from './http-probe.ts';
import { notifyProbe } from './notify-probe.ts';
import { tableProbe } from './table-probe.ts';

const { signal } = new AbortController();

/** Looks as the engine does: the cursor of one look is given to the next. */
function looker(probe: SensorProbe): () => Promise<SensorFindings> {
  let cursor: JsonValue | undefined;
  return async () => {
    const found = await probe.check({ cursor, signal });
    if (found.cursor !== undefined) cursor = JSON.parse(JSON.stringify(found.cursor)) as JsonValue;
    return found;
  };
}

function filesIn({ runs }: SensorFindings): unknown {
  return runs.map(({ input }) => (input as { files: unknown }).files);
}

describe('files', () => {
  let folder: string;
  let nowMs: number;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'millrace-sensor-'));
    await mkdir(join(folder, 'drops'));
    nowMs = Date.UTC(2026, 0, 1);
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));
  const write = async (name: string, text: string, second: number): Promise<void> => {
    await writeFile(join(folder, 'drops', name), text);
    await utimes(join(folder, 'drops', name), second, second);
  };
  const probe = (more: object): SensorProbe =>
    filesProbe({ files: 'drops/*.csv', ...more }, folder, () => nowMs);

  it('that are new lead to one run each time, those that only changed do not', async () => {
    const look = looker(probe({}));
    expect((await look()).skip).toBe('No file fits drops/*.csv');
    await write('a.csv', '1', 10);
    await write('b.csv', '1', 10);
    await write('c.txt', '1', 10);
    expect(filesIn(await look())).toEqual([['drops/a.csv', 'drops/b.csv']]);
    await appendFile(join(folder, 'drops', 'a.csv'), 'more');
    expect(await look()).toMatchObject({ runs: [], skip: 'Nothing new among 2 files' });
    await rm(join(folder, 'drops', 'a.csv'));
    await look();
    await write('a.csv', '1', 10);
    expect(filesIn(await look())).toEqual([['drops/a.csv']]);
  });

  it('that are there at first may be only remembered', async () => {
    await write('a.csv', '1', 10);
    const look = looker(probe({ first: 'remember' }));
    expect((await look()).runs).toEqual([]);
    await write('b.csv', '1', 10);
    expect(filesIn(await look())).toEqual([['drops/b.csv']]);
  });

  it('that changed lead to a run with another key', async () => {
    const look = looker(probe({ what: 'changed' }));
    await write('a.csv', '1', 10);
    const [first] = (await look()).runs;
    await write('a.csv', '2', 11);
    const [second] = (await look()).runs;
    expect(second?.input).toEqual(first?.input);
    expect(second?.key).not.toBe(first?.key);
    expect((await look()).runs).toEqual([]);
  });

  it('count once they were still for a while', async () => {
    const look = looker(probe({ what: 'changed', stableSeconds: 30 }));
    await write('a.csv', '1', 10);
    expect((await look()).skip).toContain('still for 30 s');
    nowMs += 20_000;
    await write('a.csv', '12', 10);
    expect((await look()).runs).toEqual([]);
    nowMs += 20_000;
    expect((await look()).runs).toEqual([]);
    nowMs += 10_000;
    expect(filesIn(await look())).toEqual([['drops/a.csv']]);
    nowMs += 60_000;
    expect((await look()).runs).toEqual([]);
    await write('a.csv', '123', 12);
    expect((await look()).runs).toEqual([]);
    nowMs += 31_000;
    expect(filesIn(await look())).toEqual([['drops/a.csv']]);
  });

  it('the newest dump: not the older ones, not again when it is removed', async () => {
    await write('mon.csv', '1', 10);
    await write('tue.csv', '1', 20);
    const look = looker(probe({ what: 'newest' }));
    expect(filesIn(await look())).toEqual([['drops/tue.csv']]);
    await rm(join(folder, 'drops', 'tue.csv'));
    expect((await look()).runs).toEqual([]);
    await write('wed.csv', '1', 30);
    expect(filesIn(await look())).toEqual([['drops/wed.csv']]);
  });

  it('wake the sensor when something is written', async () => {
    const woken = Promise.withResolvers<void>();
    const stop = probe({}).watch?.(() => woken.resolve());
    await write('a.csv', '1', 10);
    await woken.promise;
    stop?.();
  });
});

describe('a web address', () => {
  let receiver: HttpReceiver;
  beforeEach(async () => {
    receiver = await startReceiver();
  });
  afterEach(() => receiver.close());

  it('that sends an ETag is asked by it', async () => {
    let etag = '"one"';
    receiver.answer = ({ headers }, _, response) => {
      response.setHeader('etag', etag);
      return headers['if-none-match'] === etag ? 304 : 200;
    };
    const look = looker(httpProbe({ url: receiver.url }));
    expect((await look()).skip).toContain('first look');
    expect((await look()).skip).toContain('not modified');
    etag = '"two"';
    expect((await look()).runs).toEqual([{ input: { value: '"two"' } }]);
    expect((await look()).runs).toEqual([]);
  });

  it('is compared at a place of its JSON', async () => {
    let body = '{"data":{"version":1,"at":1}}';
    receiver.answer = (_request, _count, response) => {
      response.end(body);
      return undefined;
    };
    const look = looker(httpProbe({ url: receiver.url, pointer: '/data/version', first: 'run' }));
    expect((await look()).runs).toEqual([{ input: { value: 1 } }]);
    body = '{"data":{"version":1,"at":2}}';
    expect((await look()).runs).toEqual([]);
    body = '{"data":{"version":2,"at":3}}';
    expect((await look()).runs).toEqual([{ input: { value: 2 } }]);
    body = 'oops';
    await expect(look()).rejects.toThrow('did not answer JSON');
  });

  it('that is in trouble is an error that does not tell the address', async () => {
    receiver.answer = () => 503;
    const look = looker(httpProbe({ url: `${receiver.url}/?key=secret` }));
    await expect(look()).rejects.toThrow(/^127\.0\.0\.1:\d+ answered 503$/);
  });
});

describe('PostgreSQL', () => {
  let database: TestDatabase;
  let connection: Connection;
  beforeAll(async () => {
    database = await createTestDatabase();
    const config = postgresConnector.config.parse(postgresConnector.parseUrl?.(database.url));
    connection = await postgresConnector.open(config, {
      name: 'SHOP',
      projectFolder: '/',
      temporaryFolder: '/tmp',
      memoryBudgetBytes: 1e8,
    });
  });
  afterAll(async () => {
    await connection.close();
    await database.drop();
  });
  const provider = async (): Promise<Connection> => connection;

  it('a table runs by its largest value, or its number of rows', async () => {
    await database.query('create table t (id int, at timestamptz)');
    await database.query(`insert into t values (1, '2026-01-01')`);
    const byColumn = looker(tableProbe({ connection: 'SHOP', table: 't', column: 'at' }, provider));
    const byRows = looker(tableProbe({ connection: 'SHOP', table: 'public.t', first: 'run' }, provider));
    expect((await byColumn()).skip).toContain('First look');
    expect((await byRows()).runs).toHaveLength(1);
    expect((await byColumn()).runs).toEqual([]);
    await database.query(`insert into t values (2, '2025-01-01')`);
    expect((await byColumn()).runs).toEqual([]);
    expect((await byRows()).runs).toEqual([{ input: { table: 'public.t', rows: 2 } }]);
    await database.query(`insert into t values (3, '2026-02-01')`);
    expect((await byColumn()).runs).toHaveLength(1);
  });

  it('NOTIFY is heard at once, and again after its connection was cut off', async () => {
    const probe = notifyProbe({ connection: 'SHOP', channel: 'Orders' }, provider);
    const look = looker(probe);
    const wakes: true[] = [];
    const stop = probe.watch?.(() => {
      wakes.push(true);
    });
    const woken = async (count: number): Promise<void> => {
      while (wakes.length < count) await new Promise((resolve) => setTimeout(resolve, 10));
    };
    await woken(1);
    expect((await look()).runs).toEqual([]);
    await database.query(`notify "Orders", 'one'`);
    await database.query(`notify "Orders", 'two'`);
    await woken(3);
    const found = await probe.check({ cursor: { batch: 'lost' }, signal });
    expect(found.runs[0]?.input).toMatchObject({ payloads: ['one', 'two'] });
    expect((await look()).runs[0]?.input).toMatchObject({ payloads: ['one', 'two'], missed: false });
    expect((await look()).runs).toEqual([]);
    await database.query(
      `select pg_terminate_backend(pid) from pg_stat_activity where query ilike 'listen%' or query = 'select 1'`,
    );
    await woken(4);
    expect((await look()).runs[0]?.input).toMatchObject({ payloads: [], missed: true });
    await database.query(`notify "Orders", 'three'`);
    await woken(5);
    expect((await look()).runs[0]?.input).toMatchObject({ payloads: ['three'] });
    stop?.();
  });
});
