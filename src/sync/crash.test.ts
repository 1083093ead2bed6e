import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../test/support/postgres-database.ts';
import { baseFile, openSyncBench, type SyncBench } from '../../test/support/sync-bench.ts';

let testDatabase: TestDatabase;
beforeAll(async () => {
  testDatabase = await createTestDatabase();
});
afterAll(async () => testDatabase.drop());

describe.each(['duckdb', 'postgres'] as const)('an interrupted sync from %s', (kind) => {
  let bench: SyncBench;
  beforeEach(async () => {
    bench = await openSyncBench(kind, testDatabase.url);
  });
  afterEach(async () => bench.close());

  it('repeats a batch whose answer was lost under the same idempotency key', async () => {
    bench.crm.behaviour = (request, response, count) => {
      if (count !== 2) return false;
      bench.crm.apply(request);
      response.destroy();
      return true;
    };
    expect((await bench.run()).metadata).toMatchObject({ inserted: 5, retries: 1 });
    expect(bench.crm.names()).toEqual(['Ann', 'Bob', 'Cid', 'Dan', 'Eve']);
    const keys = bench.crm.requests.map((request) => request.idempotencyKey);
    expect(keys[1]).toBe(keys[2]);
    expect(new Set(keys).size).toBe(3);
  });

  it('gives the same content at a later moment another idempotency key', async () => {
    await bench.run();
    for (const name of ['Zoe', 'Ann', 'Zoe']) {
      await bench.database.execute(`update marts.customers set name = '${name}' where id = 1`);
      await bench.run();
    }
    const [first, , again] = bench.crm.requests.slice(-3);
    expect(first?.records).toEqual(again?.records);
    expect(first?.idempotencyKey).not.toBe(again?.idempotencyKey);
  });

  it('cancelled in the middle loses nothing and repeats at most the batch in flight', async () => {
    const abort = new AbortController();
    bench.crm.behaviour = (request, _, count) => {
      if (count !== 2) return false;
      bench.crm.apply(request);
      abort.abort();
      return true;
    };
    await expect(bench.run(baseFile, { signal: abort.signal })).rejects.toMatchObject({ kind: 'cancelled' });
    bench.crm.behaviour = () => false;
    await bench.database.execute(`update marts.customers set name = 'Zed' where id = 5`);
    expect((await bench.run()).metadata).toMatchObject({ inserted: 3 });
    expect(bench.crm.names()).toEqual(['Ann', 'Bob', 'Cid', 'Dan', 'Zed']);
    expect(bench.crm.sent()).toBe(7);
  });

  it('killed in the middle loses nothing and repeats at most the batch in flight', async () => {
    await bench.database.execute('delete from marts.customers');
    await bench.database.execute(
      `insert into marts.customers select i, 'n' || i, i, 'Here' from generate_series(1, 40) as s(i)`,
    );
    await bench.release();
    for (const killAt of [2, 5, 11]) {
      bench.crm.requests.length = 0;
      let child: ChildProcess | undefined;
      bench.crm.behaviour = (request, response, count) => {
        if (count < killAt) return false;
        if (killAt % 2 === 1) bench.crm.apply(request);
        child?.kill('SIGKILL');
        response.destroy();
        return true;
      };
      child = bench.startChild();
      const [, killedBy] = (await once(child, 'exit')) as [number | null, string | null];
      expect(killedBy).toBe('SIGKILL');
    }
    bench.crm.behaviour = () => false;
    bench.crm.requests.length = 0;
    await bench.reopen();
    const outcome = await bench.run();
    expect(outcome.metadata).toMatchObject({ inserted: 40 - 2 * (1 + 4 + 10) });
    expect(bench.crm.customers.size).toBe(40);
    expect((await bench.run()).metadata).toMatchObject({ inserted: 0, unchanged: 40 });
  });
});
