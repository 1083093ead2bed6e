import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Behaviour } from '../../test/support/fake-crm.ts';
import { createTestDatabase, type TestDatabase } from '../../test/support/postgres-database.ts';
import { baseFile, openSyncBench, type SyncBench } from '../../test/support/sync-bench.ts';

let testDatabase: TestDatabase;
beforeAll(async () => {
  testDatabase = await createTestDatabase();
});
afterAll(async () => testDatabase.drop());

const refuseBob: Behaviour = (request, response) => {
  if (!request.records.some((record) => record['name'] === 'Bob')) return false;
  response.writeHead(422, { 'content-type': 'application/json' }).end('{"error":"Bob is not welcome"}');
  return true;
};

describe.each(['duckdb', 'postgres'] as const)('a destination of rows from %s', (kind) => {
  let bench: SyncBench;
  beforeEach(async () => {
    bench = await openSyncBench(kind, testDatabase.url);
  });
  afterEach(async () => bench.close());

  it('waits when asked to, without taking it for a failure', async () => {
    bench.crm.behaviour = (_, response, count) => {
      if (count > 4) return false;
      response.writeHead(429, { 'retry-after': '0' }).end();
      return true;
    };
    expect((await bench.run()).metadata).toMatchObject({ inserted: 5, retries: 0, rateLimitWaits: 4 });
  });

  it('waits as long as Retry-After says, however many tries are allowed', async () => {
    bench.crm.behaviour = (_, response) => {
      response.writeHead(429, { 'retry-after': '77' }).end();
      return true;
    };
    const abort = new AbortController();
    const told: string[] = [];
    const log = (message: string): void => {
      told.push(message);
      if (message.includes('waiting')) abort.abort();
    };
    await expect(bench.run(baseFile, { signal: abort.signal, log })).rejects.toMatchObject({
      kind: 'cancelled',
    });
    expect(told.at(-1)).toBe('CRM answered 429; waiting 77 s');
    expect(bench.crm.requests).toHaveLength(1);
  });

  it('gives up on a destination that asks for too long a wait', async () => {
    bench.crm.behaviour = (_, response) => {
      response.writeHead(429, { 'retry-after': '3600' }).end();
      return true;
    };
    await expect(bench.run()).rejects.toMatchObject({ kind: 'transient', retryAfterSeconds: 3600 });
  });

  it('tries again after a failure of the destination, and gives up in time', async () => {
    bench.crm.behaviour = (_, response, count) => {
      if (count !== 1) return false;
      response.writeHead(500).end();
      return true;
    };
    expect((await bench.run()).metadata).toMatchObject({ inserted: 5, retries: 1 });
    await bench.database.execute(`update marts.customers set name = 'Zoe'`);
    bench.crm.behaviour = (_, response) => {
      response.writeHead(503).end();
      return true;
    };
    bench.crm.requests.length = 0;
    await expect(bench.run()).rejects.toMatchObject({ kind: 'transient', code: 'destination_unavailable' });
    expect(bench.crm.requests).toHaveLength(3);
    bench.crm.behaviour = () => false;
    expect((await bench.run()).metadata).toMatchObject({ updated: 5 });
  });

  it('isolates a poison row, keeps it until it changes, and says so each time', async () => {
    const file = baseFile.replace('batch_size: 2', 'batch_size: 100');
    bench.crm.behaviour = refuseBob;
    const failed = bench.run(file);
    await expect(failed).rejects.toMatchObject({ kind: 'data', code: 'sync_rows_refused' });
    await expect(failed).rejects.toThrow(/1 rows were refused by CRM\n {2}\[2\]: 422 Bob is not welcome/);
    expect(bench.crm.names()).toEqual(['Ann', 'Cid', 'Dan', 'Eve']);
    const kept = await bench.database.query(
      'select row_key, operation, status, error from _millrace.sync_crm_failures',
    );
    expect(kept.rows).toEqual([['[2]', 'insert', 422, 'Bob is not welcome']]);

    bench.crm.requests.length = 0;
    expect((await bench.run(`${file}max_failures: 1\n`)).metadata).toMatchObject({ failed: 1, requests: 0 });
    await expect(bench.run(file)).rejects.toMatchObject({ code: 'sync_rows_refused' });
    expect(bench.crm.requests).toEqual([]);

    await bench.database.execute(`update marts.customers set name = 'Rob' where id = 2`);
    expect((await bench.run(file)).metadata).toMatchObject({ inserted: 1, failed: 0 });
    expect((await bench.database.query('select * from _millrace.sync_crm_failures')).rows).toEqual([]);
  });

  it('stops early when far too many rows are refused, and goes on behind them next time', async () => {
    await bench.database.execute('delete from marts.customers');
    await bench.database.execute(
      `insert into marts.customers select i, 'n' || i, i, 'Here' from generate_series(1, 150) as s(i)`,
    );
    bench.crm.behaviour = (request, response) => {
      if (request.records.every((record) => Number(record['external_id']) > 120)) return false;
      response.writeHead(400).end();
      return true;
    };
    await expect(bench.run()).rejects.toThrow(/101 rows were refused by CRM, and the run stopped early/);
    expect(bench.crm.customers.size).toBe(0);
    await expect(bench.run()).rejects.toThrow(/^120 rows were refused|stopped early/);
    const goneOn = bench.run(`${baseFile}max_failures: 150\n`);
    expect((await goneOn).metadata).toMatchObject({ failed: 120 });
    expect(bench.crm.customers.size).toBe(30);
  });

  it('forgets a refused row that left the model', async () => {
    bench.crm.behaviour = refuseBob;
    await bench.run(`${baseFile}max_failures: 1\n`);
    await bench.database.execute('delete from marts.customers where id = 2');
    expect((await bench.run()).metadata).toMatchObject({ failed: 0, deleted: 0, unchanged: 4 });
    expect((await bench.database.query('select * from _millrace.sync_crm_failures')).rows).toEqual([]);
  });

  it('takes an answer record by record', async () => {
    let busy = true;
    bench.crm.behaviour = (request, response) => {
      const results = request.records.map((record) => {
        const status = record['name'] === 'Bob' ? 422 : record['name'] === 'Ann' && busy ? 503 : 200;
        if (status === 200) bench.crm.customers.set(String(record['external_id']), record);
        return { key: record['external_id'], status, error: status === 200 ? null : 'no' };
      });
      busy = false;
      response.writeHead(207).end(JSON.stringify({ results }));
      return true;
    };
    const file = baseFile.replace(
      'upsert: { path: /batch }',
      'upsert: { path: /batch, results: { key: key } }',
    );
    expect((await bench.run(`${file}max_failures: 1\n`)).metadata).toMatchObject({
      inserted: 4,
      failed: 1,
      retries: 1,
    });
    expect(bench.crm.names()).toEqual(['Ann', 'Cid', 'Dan', 'Eve']);
  });

  it('blames the setup, not the rows, for a refused sign-in or a wrong path', async () => {
    bench.crm.behaviour = (_, response) => {
      response.writeHead(401).end();
      return true;
    };
    await expect(bench.run()).rejects.toMatchObject({ kind: 'config', code: 'sign_in_refused' });
    expect(bench.crm.requests).toHaveLength(1);
  });
});
