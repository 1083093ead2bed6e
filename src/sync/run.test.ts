import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../test/support/postgres-database.ts';
import type { Connection, SqlDatabase } from '../connector/connection.ts';
import { duckdbConnector } from '../connectors/duckdb/index.ts';
import { httpConnector } from '../connectors/http/index.ts';
import { postgresConnector } from '../connectors/postgres/index.ts';
import type { StepContext, StepOutcome } from '../core/executor.ts';
import type { JsonValue } from '../core/json.ts';
import { createSyncExecutor, planSync, readSync, syncNode } from './index.ts';

interface CrmRequest {
  readonly path: string;
  readonly records: readonly Record<string, unknown>[];
  readonly idempotencyKey: string;
}

/** Answers a request itself, or leaves it to the CRM by returning false. */
type Behaviour = (request: CrmRequest, response: ServerResponse, count: number) => boolean;

/** A destination that keeps customers by `external_id`, and misbehaves as told. */
class FakeCrm {
  readonly customers = new Map<string, Record<string, unknown>>();
  readonly requests: CrmRequest[] = [];
  behaviour: Behaviour = () => false;
  url = '';
  readonly #server: Server = createServer((request, response) => void this.#answer(request, response));

  async start(): Promise<void> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    this.url = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  stop(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let body = '';
    for await (const part of request) body += String(part);
    const { records } = JSON.parse(body) as { records: Record<string, unknown>[] };
    const told: CrmRequest = {
      path: String(request.url),
      records,
      idempotencyKey: String(request.headers['idempotency-key']),
    };
    this.requests.push(told);
    if (this.behaviour(told, response, this.requests.length)) return;
    this.apply(told);
    response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
  }

  apply({ path, records }: CrmRequest): void {
    for (const record of records) {
      if (path === '/delete') this.customers.delete(String(record['external_id']));
      else this.customers.set(String(record['external_id']), record);
    }
  }

  names(): string[] {
    return [...this.customers.values()].map((record) => String(record['name'])).sort();
  }

  sent(): number {
    return this.requests.reduce((sum, request) => sum + request.records.length, 0);
  }
}

const baseFile = `
model: customers
destination: CRM
primary_key: id
fields: { external_id: id, name: name, value: value }
endpoints:
  upsert: { path: /batch }
  delete: { path: /delete }
batch_size: 2
max_deletes: 100%
retry: { max_attempts: 3, delay_seconds: 0.01 }
`;

let folder: string;
let crm: FakeCrm;
let testDatabase: TestDatabase;

beforeAll(async () => {
  testDatabase = await createTestDatabase();
});
afterAll(async () => testDatabase.drop());

describe.each(['duckdb', 'postgres'])('a sync from %s', (kind) => {
  let warehouse: Connection;
  let database: SqlDatabase;
  let destination: Connection;

  async function openWarehouse(): Promise<void> {
    const environment = {
      name: 'WH',
      projectFolder: folder,
      temporaryFolder: folder,
      memoryBudgetBytes: 5e8,
    };
    warehouse =
      kind === 'duckdb'
        ? await duckdbConnector.open({ path: join(folder, 'wh.duckdb') }, environment)
        : await postgresConnector.open(
            postgresConnector.config.parse(postgresConnector.parseUrl(testDatabase.url)),
            environment,
          );
    if (!warehouse.database) throw new Error('expected a database');
    database = warehouse.database;
  }

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'millrace-sync-'));
    crm = new FakeCrm();
    await crm.start();
    await openWarehouse();
    destination = await httpConnector.open(
      { url: crm.url },
      { name: 'CRM', projectFolder: folder, temporaryFolder: folder, memoryBudgetBytes: 1e6 },
    );
    await database.execute('create schema if not exists marts');
    await database.execute(
      'create table marts.customers (id bigint, name varchar, value decimal(12,2), city varchar)',
    );
    await put(
      [1, 'Ann', '1.50'],
      [2, 'Bob', '2.00'],
      [3, 'Cid', null],
      [4, 'Dan', '4.00'],
      [5, 'Eve', '5.00'],
    );
  });

  afterEach(async () => {
    await database.execute('drop schema marts cascade');
    await database.execute('drop schema if exists _millrace cascade');
    await warehouse.close();
    await destination.close();
    crm.stop();
    rmSync(folder, { recursive: true });
  });

  async function put(...rows: [number | bigint | null, string, string | null][]): Promise<void> {
    for (const [id, name, value] of rows) {
      await database.execute(`insert into marts.customers values (${id}, '${name}', ${value}, 'Here')`);
    }
  }

  async function run(file = baseFile, options: Partial<StepContext> = {}): Promise<StepOutcome> {
    const sync = readSync(file, 'syncs/crm.yaml');
    const executor = createSyncExecutor(
      [sync],
      'WH',
      () => ({ connection: 'WH', schema: 'marts', name: 'customers' }),
      async (name) => (name === 'CRM' ? destination : warehouse),
    );
    let checkpoint: JsonValue | undefined;
    return await executor.execute(syncNode(sync, 'WH'), {
      runId: 'run',
      attempt: 1,
      idempotencyKey: 'step',
      options: { fullRefresh: false },
      signal: new AbortController().signal,
      log: () => {},
      progress: () => {},
      checkpoint,
      saveCheckpoint: async (value) => {
        checkpoint = value;
      },
      ...options,
    });
  }

  it('sends everything first, then only what changed, then nothing', async () => {
    expect((await run()).metadata).toMatchObject({
      inserted: 5,
      updated: 0,
      deleted: 0,
      unchanged: 0,
      batches: 3,
    });
    expect(crm.customers.get('1')).toEqual({ external_id: 1, name: 'Ann', value: 1.5 });
    expect(crm.customers.get('3')).toEqual({ external_id: 3, name: 'Cid', value: null });

    await database.execute(`update marts.customers set value = 3 where id = 3`);
    await database.execute(`update marts.customers set city = 'There'`);
    await database.execute(`delete from marts.customers where id = 2`);
    await put([6, 'Fay', '6']);
    const plan = await planSync(readSync(baseFile, 'syncs/crm.yaml'), database, {
      schema: 'marts',
      name: 'customers',
    });
    expect(plan).toMatchObject({ insert: 1, update: 1, delete: 1, calls: 2 });
    crm.requests.length = 0;
    expect((await run()).metadata).toMatchObject({
      inserted: 1,
      updated: 1,
      deleted: 1,
      unchanged: 3,
      failed: 0,
    });
    expect(crm.requests.map(({ path, records }) => [path, records])).toEqual([
      ['/delete', [{ external_id: 2 }]],
      [
        '/batch',
        [
          { external_id: 3, name: 'Cid', value: 3 },
          { external_id: 6, name: 'Fay', value: 6 },
        ],
      ],
    ]);

    crm.requests.length = 0;
    expect((await run()).metadata).toMatchObject({
      inserted: 0,
      updated: 0,
      deleted: 0,
      unchanged: 5,
      requests: 0,
    });
    expect(crm.requests).toEqual([]);
  });

  it('calls insert, update and delete each by its own endpoint', async () => {
    const file = baseFile.replace(
      'upsert: { path: /batch }',
      'insert: { path: /new }\n  update: { method: PATCH, path: /old }',
    );
    await run(file);
    await database.execute(`update marts.customers set name = 'Zoe' where id = 1`);
    await put([6, 'Fay', '6']);
    crm.requests.length = 0;
    await run(file);
    expect(crm.requests.map(({ path, records }) => [path, records.length])).toEqual([
      ['/new', 1],
      ['/old', 1],
    ]);
  });

  it('waits when asked to, without taking it for a failure', async () => {
    crm.behaviour = (_, response, count) => {
      if (count > 4) return false;
      response.writeHead(429, { 'retry-after': '0' }).end();
      return true;
    };
    expect((await run()).metadata).toMatchObject({ inserted: 5, retries: 0, rateLimitWaits: 4 });
  });

  it('waits as long as Retry-After says, however many tries are allowed', async () => {
    crm.behaviour = (_, response) => {
      response.writeHead(429, { 'retry-after': '77' }).end();
      return true;
    };
    const abort = new AbortController();
    const told: string[] = [];
    const log = (message: string): void => {
      told.push(message);
      if (message.includes('waiting')) abort.abort();
    };
    await expect(run(baseFile, { signal: abort.signal, log })).rejects.toMatchObject({ kind: 'cancelled' });
    expect(told.at(-1)).toBe('CRM answered 429; waiting 77 s');
    expect(crm.requests).toHaveLength(1);
  });

  it('gives up on a destination that asks for too long a wait', async () => {
    crm.behaviour = (_, response) => {
      response.writeHead(429, { 'retry-after': '3600' }).end();
      return true;
    };
    await expect(run()).rejects.toMatchObject({ kind: 'transient', retryAfterSeconds: 3600 });
  });

  it('tries again after a failure of the destination, and gives up in time', async () => {
    crm.behaviour = (_, response, count) => {
      if (count !== 1) return false;
      response.writeHead(500).end();
      return true;
    };
    expect((await run()).metadata).toMatchObject({ inserted: 5, retries: 1 });
    await database.execute(`update marts.customers set name = 'Zoe'`);
    crm.behaviour = (_, response) => {
      response.writeHead(503).end();
      return true;
    };
    crm.requests.length = 0;
    await expect(run()).rejects.toMatchObject({ kind: 'transient', code: 'destination_unavailable' });
    expect(crm.requests).toHaveLength(3);
    crm.behaviour = () => false;
    expect((await run()).metadata).toMatchObject({ updated: 5 });
  });

  it('repeats a batch whose answer was lost under the same idempotency key', async () => {
    crm.behaviour = (request, response, count) => {
      if (count !== 2) return false;
      crm.apply(request);
      response.destroy();
      return true;
    };
    expect((await run()).metadata).toMatchObject({ inserted: 5, retries: 1 });
    expect(crm.names()).toEqual(['Ann', 'Bob', 'Cid', 'Dan', 'Eve']);
    const keys = crm.requests.map((request) => request.idempotencyKey);
    expect(keys[1]).toBe(keys[2]);
    expect(new Set(keys).size).toBe(3);
  });

  it('gives the same content at a later moment another idempotency key', async () => {
    await run();
    for (const name of ['Zoe', 'Ann', 'Zoe']) {
      await database.execute(`update marts.customers set name = '${name}' where id = 1`);
      await run();
    }
    const [first, , again] = crm.requests.slice(-3);
    expect(first?.records).toEqual(again?.records);
    expect(first?.idempotencyKey).not.toBe(again?.idempotencyKey);
  });

  const refuseBob: Behaviour = (request, response) => {
    if (!request.records.some((record) => record['name'] === 'Bob')) return false;
    response.writeHead(422, { 'content-type': 'application/json' }).end('{"error":"Bob is not welcome"}');
    return true;
  };

  it('isolates a poison row, keeps it until it changes, and says so each time', async () => {
    const file = baseFile.replace('batch_size: 2', 'batch_size: 100');
    crm.behaviour = refuseBob;
    const failed = run(file);
    await expect(failed).rejects.toMatchObject({ kind: 'data', code: 'sync_rows_refused' });
    await expect(failed).rejects.toThrow(/1 rows were refused by CRM\n {2}\[2\]: 422 Bob is not welcome/);
    expect(crm.names()).toEqual(['Ann', 'Cid', 'Dan', 'Eve']);
    const kept = await database.query(
      'select row_key, operation, status, error from _millrace.sync_crm_failures',
    );
    expect(kept.rows).toEqual([['[2]', 'insert', 422, 'Bob is not welcome']]);

    crm.requests.length = 0;
    expect((await run(`${file}max_failures: 1\n`)).metadata).toMatchObject({ failed: 1, requests: 0 });
    await expect(run(file)).rejects.toMatchObject({ code: 'sync_rows_refused' });
    expect(crm.requests).toEqual([]);

    await database.execute(`update marts.customers set name = 'Rob' where id = 2`);
    expect((await run(file)).metadata).toMatchObject({ inserted: 1, failed: 0 });
    expect((await database.query('select * from _millrace.sync_crm_failures')).rows).toEqual([]);
  });

  it('stops early when far too many rows are refused, and goes on behind them next time', async () => {
    await database.execute('delete from marts.customers');
    await database.execute(
      `insert into marts.customers select i, 'n' || i, i, 'Here' from generate_series(1, 150) as s(i)`,
    );
    crm.behaviour = (request, response) => {
      if (request.records.every((record) => Number(record['external_id']) > 120)) return false;
      response.writeHead(400).end();
      return true;
    };
    await expect(run()).rejects.toThrow(/101 rows were refused by CRM, and the run stopped early/);
    expect(crm.customers.size).toBe(0);
    await expect(run()).rejects.toThrow(/^120 rows were refused|stopped early/);
    const goneOn = run(`${baseFile}max_failures: 150\n`);
    expect((await goneOn).metadata).toMatchObject({ failed: 120 });
    expect(crm.customers.size).toBe(30);
  });

  it('forgets a refused row that left the model', async () => {
    crm.behaviour = refuseBob;
    await run(`${baseFile}max_failures: 1\n`);
    await database.execute('delete from marts.customers where id = 2');
    expect((await run()).metadata).toMatchObject({ failed: 0, deleted: 0, unchanged: 4 });
    expect((await database.query('select * from _millrace.sync_crm_failures')).rows).toEqual([]);
  });

  it('takes an answer record by record', async () => {
    let busy = true;
    crm.behaviour = (request, response) => {
      const results = request.records.map((record) => {
        const status = record['name'] === 'Bob' ? 422 : record['name'] === 'Ann' && busy ? 503 : 200;
        if (status === 200) crm.customers.set(String(record['external_id']), record);
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
    expect((await run(`${file}max_failures: 1\n`)).metadata).toMatchObject({
      inserted: 4,
      failed: 1,
      retries: 1,
    });
    expect(crm.names()).toEqual(['Ann', 'Cid', 'Dan', 'Eve']);
  });

  it('blames the setup, not the rows, for a refused sign-in or a wrong path', async () => {
    crm.behaviour = (_, response) => {
      response.writeHead(401).end();
      return true;
    };
    await expect(run()).rejects.toMatchObject({ kind: 'config', code: 'sign_in_refused' });
    expect(crm.requests).toHaveLength(1);
  });

  it('stops before it deletes more than allowed', async () => {
    await run();
    crm.requests.length = 0;
    await database.execute('delete from marts.customers where id > 2');
    const guarded = run(baseFile.replace('100%', '50%'));
    await expect(guarded).rejects.toMatchObject({ kind: 'data', code: 'delete_guard' });
    await expect(guarded).rejects.toThrow(/would delete 3 of 5 rows at CRM; max_deletes allows 50%/);
    await expect(run(baseFile.replace('100%', '2'))).rejects.toMatchObject({ code: 'delete_guard' });
    expect(crm.requests).toEqual([]);
    expect((await run(baseFile.replace('100%', '3'))).metadata).toMatchObject({ deleted: 3 });
    expect(crm.names()).toEqual(['Ann', 'Bob']);
  });

  it('leaves rows alone that left the model when told to ignore them', async () => {
    const file = `${baseFile}on_delete: ignore\n`;
    await run(file);
    await database.execute('delete from marts.customers where id = 1');
    expect((await run(file)).metadata).toMatchObject({ deleted: 0, unchanged: 4 });
    await put([1, 'Ann', '1.50']);
    expect((await run(file)).metadata).toMatchObject({ inserted: 0, updated: 0, unchanged: 5 });
  });

  it('refuses or leaves out rows without a usable key', async () => {
    await run();
    await put([null, 'Nil', null], [1, 'Ann2', null]);
    crm.requests.length = 0;
    const refused = run();
    await expect(refused).rejects.toMatchObject({ kind: 'data', code: 'sync_key_invalid' });
    await expect(refused).rejects.toThrow(/1 rows without id and 2 rows that share theirs/);
    await put([6, 'Fay', '6']);
    const outcome = await run(`${baseFile}on_invalid_key: quarantine\n`);
    expect(outcome.metadata).toMatchObject({ inserted: 1, deleted: 0, invalid: 3, unchanged: 4 });
    expect(crm.sent()).toBe(1);
  });

  it('sends a new field where it has a value, forgets a removed one, and sends all when a type changes', async () => {
    await run();
    const wider = baseFile.replace('value: value }', 'value: value, city: city }');
    await database.execute(`update marts.customers set city = null where id = 5`);
    expect((await run(wider)).metadata).toMatchObject({ updated: 4, unchanged: 1 });
    expect((await run()).metadata).toMatchObject({ updated: 0, unchanged: 5 });
    await database.execute('alter table marts.customers alter column value type double precision');
    expect((await run()).metadata).toMatchObject({ updated: 5 });
    expect((await run()).metadata).toMatchObject({ updated: 0 });
  });

  it('stops when rows are named otherwise, until it is started anew', async () => {
    await run();
    const renamed = baseFile.replace('primary_key: id', 'primary_key: name');
    await expect(run(renamed)).rejects.toMatchObject({ kind: 'config', code: 'sync_lineage_changed' });
    expect((await run(renamed, { options: { fullRefresh: true } })).metadata).toMatchObject({
      inserted: 5,
      deleted: 0,
    });
  });

  it('sends all again on a full refresh, and still deletes what is gone', async () => {
    await run();
    await database.execute('delete from marts.customers where id = 1');
    const outcome = await run(baseFile, { options: { fullRefresh: true } });
    expect(outcome.metadata).toMatchObject({ inserted: 0, updated: 4, deleted: 1 });
    const secondAttempt = { options: { fullRefresh: true }, attempt: 2, checkpoint: { startedAnew: true } };
    expect((await run(baseFile, secondAttempt)).metadata).toMatchObject({ updated: 0, unchanged: 4 });
  });

  it('tells apart what is wrong with the model', async () => {
    const misspelt = run(baseFile.replace('name: name', 'name: nmae'));
    await expect(misspelt).rejects.toMatchObject({
      kind: 'config',
      code: 'column_missing',
      origin: { line: 5 },
    });
    await expect(misspelt).rejects.toThrow(/no column nmae, did you mean 'name'/);
    expect(crm.requests).toEqual([]);
  });

  it('sends by several key columns, with big, exact and quoted values', async () => {
    await database.execute('drop table marts.customers');
    await database.execute(
      'create table marts.customers (id bigint, name varchar, value decimal(30,2), city varchar)',
    );
    await put([9007199254740993n, 'O\'\'Hara "x"', '1234567890123456789.10'], [1, 'Ann', '1']);
    const file = baseFile.replace('primary_key: id', 'primary_key: [id, name]');
    expect((await run(file)).metadata).toMatchObject({ inserted: 2 });
    await database.execute(`delete from marts.customers where id = 1`);
    crm.requests.length = 0;
    await run(file);
    expect(crm.requests.map((request) => request.records)).toEqual([[{ external_id: 1, name: 'Ann' }]]);
  });

  it('cancelled in the middle loses nothing and repeats at most the batch in flight', async () => {
    const abort = new AbortController();
    crm.behaviour = (request, _, count) => {
      if (count !== 2) return false;
      crm.apply(request);
      abort.abort();
      return true;
    };
    await expect(run(baseFile, { signal: abort.signal })).rejects.toMatchObject({ kind: 'cancelled' });
    crm.behaviour = () => false;
    await database.execute(`update marts.customers set name = 'Zed' where id = 5`);
    expect((await run()).metadata).toMatchObject({ inserted: 3 });
    expect(crm.names()).toEqual(['Ann', 'Bob', 'Cid', 'Dan', 'Zed']);
    expect(crm.sent()).toBe(7);
  });

  it('killed in the middle loses nothing and repeats at most the batch in flight', async () => {
    await database.execute('delete from marts.customers');
    await database.execute(
      `insert into marts.customers select i, 'n' || i, i, 'Here' from generate_series(1, 40) as s(i)`,
    );
    if (kind === 'duckdb') await warehouse.close();
    for (const killAt of [2, 5, 11]) {
      crm.requests.length = 0;
      let child: ChildProcess | undefined;
      crm.behaviour = (request, response, count) => {
        if (count < killAt) return false;
        if (killAt % 2 === 1) crm.apply(request);
        child?.kill('SIGKILL');
        response.destroy();
        return true;
      };
      child = startChild();
      const [, killedBy] = (await once(child, 'exit')) as [number | null, string | null];
      expect(killedBy).toBe('SIGKILL');
    }
    crm.behaviour = () => false;
    crm.requests.length = 0;
    if (kind === 'duckdb') await openWarehouse();
    const outcome = await run();
    expect(outcome.metadata).toMatchObject({ inserted: 40 - 2 * (1 + 4 + 10) });
    expect(crm.customers.size).toBe(40);
    expect((await run()).metadata).toMatchObject({ inserted: 0, unchanged: 40 });
  });

  function startChild(): ChildProcess {
    const source = new URL('../', import.meta.url).href;
    const opened =
      kind === 'duckdb'
        ? `duckdbConnector.open({ path: ${JSON.stringify(join(folder, 'wh.duckdb'))} }, environment)`
        : `postgresConnector.open(postgresConnector.config.parse(postgresConnector.parseUrl(${JSON.stringify(testDatabase.url)})), environment)`;
    const script = join(folder, 'child.mjs');
    writeFileSync(
      script,
      `import { ${kind}Connector } from '${source}connectors/${kind}/index.ts';
       import { httpConnector } from '${source}connectors/http/index.ts';
       import { createSyncExecutor, readSync, syncNode } from '${source}sync/index.ts';
       const folder = ${JSON.stringify(folder)};
       const environment = { name: 'WH', projectFolder: folder, temporaryFolder: folder, memoryBudgetBytes: 5e8 };
       const warehouse = await ${opened};
       const destination = await httpConnector.open({ url: '${crm.url}' }, { ...environment, name: 'CRM' });
       const sync = readSync(${JSON.stringify(baseFile)}, 'syncs/crm.yaml');
       const relation = { connection: 'WH', schema: 'marts', name: 'customers' };
       const connections = async (name) => (name === 'CRM' ? destination : warehouse);
       await createSyncExecutor([sync], 'WH', () => relation, connections).execute(syncNode(sync, 'WH'), {
         runId: 'run', attempt: 1, idempotencyKey: 'step', options: { fullRefresh: false },
         signal: new AbortController().signal, log() {}, progress() {}, checkpoint: undefined, async saveCheckpoint() {},
       });`,
    );
    return spawn(process.execPath, ['--conditions=@millrace/source', script], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
  }
});
