import { execFileSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RunStore } from '../../src/core/ports.ts';
import { openSqliteLedger } from '../../src/store/index.ts';
import { openPostgresLedger } from '../../src/store/postgres/ledger.ts';
import { type BenchServer, startServer } from '../load/server.ts';

const root = join(import.meta.dirname, '..', '..');

/** Where rows are measured: nothing is made before a row needs it. */
export interface BenchPlace {
  /** How often a row is measured. */
  readonly rounds: number;
  /** Events of the ledger with a history. */
  readonly events: number;
  /** A folder that is not there yet. */
  newFolder(): string;
  newSqlite<Result>(work: (store: RunStore) => Promise<Result>): Promise<Result>;
  newPostgres<Result>(work: (store: RunStore, schema: string) => Promise<Result>): Promise<Result>;
  /** A URL of PostgreSQL and the name of a schema that is not there yet. */
  newSchema(): Promise<{ readonly url: string; readonly schema: string }>;
  /** The built command, as users have it. */
  main(): string;
  close(): Promise<void>;
}

export async function openPlace(rounds: number, events: number): Promise<BenchPlace> {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-bench-engine-'));
  let server: Promise<BenchServer> | undefined;
  let isBuilt = false;
  let count = 0;
  const next = (name: string): string => {
    count += 1;
    return `${name}_${count}`;
  };
  const newSchema: BenchPlace['newSchema'] = async () => {
    server ??= startServer();
    return { url: (await server).url, schema: next('bench') };
  };
  return {
    rounds,
    events,
    newFolder: () => join(folder, next('folder')),
    newSqlite: async (work) => closing(await openSqliteLedger(join(folder, next('ledger'))), work),
    newPostgres: async (work) => {
      const { url, schema } = await newSchema();
      return closing(await openPostgresLedger(url, { schema }), (store) => work(store, schema));
    },
    newSchema,
    main: () => {
      if (!isBuilt)
        execFileSync(process.execPath, [join(root, 'scripts', 'build.mjs')], { stdio: 'inherit' });
      isBuilt = true;
      return join(root, 'dist', 'cli', 'main.js');
    },
    close: async () => {
      await (await server)?.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function closing<Result>(store: RunStore, work: (store: RunStore) => Promise<Result>): Promise<Result> {
  try {
    return await work(store);
  } finally {
    await store.close();
  }
}
