import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Connection, SqlDatabase } from '../../src/connector/connection.ts';
import { duckdbConnector } from '../../src/connectors/duckdb/index.ts';
import { httpConnector } from '../../src/connectors/http/index.ts';
import { postgresConnector } from '../../src/connectors/postgres/index.ts';
import type { StepContext, StepOutcome } from '../../src/core/executor.ts';
import { createSyncExecutor, readSync, syncNode } from '../../src/sync/index.ts';
import { FakeCrm } from './fake-crm.ts';

/** A sync of `marts.customers` to the fake CRM, two records a batch. */
export const baseFile: string = `
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

export type WarehouseKind = 'duckdb' | 'postgres';

type CustomerRow = readonly [id: number | bigint | null, name: string, value: string | null];

/** A warehouse with five customers, a fake CRM, and what is needed to sync the one to the other. */
export interface SyncBench {
  readonly crm: FakeCrm;
  readonly database: SqlDatabase;
  put(...rows: readonly CustomerRow[]): Promise<void>;
  /** Runs the sync that `file` describes, once, in this process. */
  run(file?: string, options?: Partial<StepContext>): Promise<StepOutcome>;
  /** Runs `baseFile` in a process of its own, to be killed. Only between `release` and `reopen`. */
  startChild(): ChildProcess;
  /** Lets go of the warehouse, which has one owner. */
  release(): Promise<void>;
  reopen(): Promise<void>;
  close(): Promise<void>;
}

export async function openSyncBench(kind: WarehouseKind, postgresUrl: string): Promise<SyncBench> {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-sync-'));
  const crm = new FakeCrm();
  await crm.start();
  const environment = { projectFolder: folder, temporaryFolder: folder, memoryBudgetBytes: 5e8 };
  const open = async (): Promise<Connection> =>
    kind === 'duckdb'
      ? await duckdbConnector.open({ path: join(folder, 'wh.duckdb') }, { ...environment, name: 'WH' })
      : await postgresConnector.open(
          postgresConnector.config.parse(postgresConnector.parseUrl(postgresUrl)),
          { ...environment, name: 'WH' },
        );
  let warehouse = await open();
  const destination = await httpConnector.open({ url: crm.url }, { ...environment, name: 'CRM' });

  const bench: SyncBench = {
    crm,
    get database() {
      if (!warehouse.database) throw new Error('expected a database');
      return warehouse.database;
    },
    put: async (...rows) => {
      for (const [id, name, value] of rows) {
        await bench.database.execute(
          `insert into marts.customers values (${id}, '${name}', ${value}, 'Here')`,
        );
      }
    },
    run: async (file = baseFile, options = {}) => {
      const sync = readSync(file, 'syncs/crm.yaml');
      const executor = createSyncExecutor(
        [sync],
        'WH',
        () => ({ connection: 'WH', schema: 'marts', name: 'customers' }),
        async (name) => (name === 'CRM' ? destination : warehouse),
      );
      return await executor.execute(syncNode(sync, 'WH'), { ...quietContext, ...options });
    },
    startChild: () => startChild(kind, folder, crm.url, postgresUrl),
    release: () => warehouse.close(),
    reopen: async () => {
      warehouse = await open();
    },
    close: async () => {
      await bench.database.execute('drop schema marts cascade');
      await bench.database.execute('drop schema if exists _millrace cascade');
      await warehouse.close();
      await destination.close();
      crm.stop();
      rmSync(folder, { recursive: true });
    },
  };
  await bench.database.execute('create schema if not exists marts');
  await bench.database.execute(
    'create table marts.customers (id bigint, name varchar, value decimal(12,2), city varchar)',
  );
  await bench.put(
    [1, 'Ann', '1.50'],
    [2, 'Bob', '2.00'],
    [3, 'Cid', null],
    [4, 'Dan', '4.00'],
    [5, 'Eve', '5.00'],
  );
  return bench;
}

const quietContext: StepContext = {
  runId: 'run',
  attempt: 1,
  idempotencyKey: 'step',
  options: { fullRefresh: false },
  signal: new AbortController().signal,
  log: () => {},
  progress: () => {},
  checkpoint: undefined,
  saveCheckpoint: async () => {},
};

function startChild(kind: WarehouseKind, folder: string, crmUrl: string, postgresUrl: string): ChildProcess {
  const source = new URL('../../src/', import.meta.url).href;
  const opened =
    kind === 'duckdb'
      ? `duckdbConnector.open({ path: ${JSON.stringify(join(folder, 'wh.duckdb'))} }, environment)`
      : `postgresConnector.open(postgresConnector.config.parse(postgresConnector.parseUrl(${JSON.stringify(postgresUrl)})), environment)`;
  const script = join(folder, 'child.mjs');
  writeFileSync(
    script,
    `import { ${kind}Connector } from '${source}connectors/${kind}/index.ts';
       import { httpConnector } from '${source}connectors/http/index.ts';
       import { createSyncExecutor, readSync, syncNode } from '${source}sync/index.ts';
       const folder = ${JSON.stringify(folder)};
       const environment = { name: 'WH', projectFolder: folder, temporaryFolder: folder, memoryBudgetBytes: 5e8 };
       const warehouse = await ${opened};
       const destination = await httpConnector.open({ url: '${crmUrl}' }, { ...environment, name: 'CRM' });
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
