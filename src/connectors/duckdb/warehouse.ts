import { existsSync, realpathSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { isMainThread } from 'node:worker_threads';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import type { LockAttempt } from '../../connector/connection.ts';
import { ConfigError, FatalError } from '../../core/errors.ts';
import { registerBatchFunction } from '../../connector/duckdb/batch-pump.ts';
import { duckdbError } from './duckdb-error.ts';

/** A DuckDB instance that this process holds, and connections of it that wait to be used again. */
export interface Warehouse {
  /** What DuckDB calls the file: its name without extension. */
  readonly catalogue: string;
  /** Runs `work` on a connection that nobody else uses meanwhile; aborting interrupts its statement. */
  use<T>(signal: AbortSignal | undefined, work: (connection: DuckDBConnection) => Promise<T>): Promise<T>;
  /** The same for work in several steps: the caller gives the connection back. */
  lease(signal: AbortSignal | undefined): Promise<Lease>;
  /** Takes a lock among those who have the file open, which is this process alone. */
  lock(name: string): LockAttempt;
  close(): void;
}

export interface Lease {
  run<T>(work: (connection: DuckDBConnection) => Promise<T>): Promise<T>;
  release(): void;
}

interface SharedInstance {
  readonly instance: Promise<DuckDBInstance>;
  readonly settings: string;
  readonly locks: Set<string>;
  users: number;
}

/**
 * Open instances by real path. A second instance of a file in one process is not refused by DuckDB and
 * destroys the file, so all copies of this module in a process share one registry.
 */
const registryKey = Symbol.for('millrace.duckdb.instances');
const holder = globalThis as unknown as Record<symbol, Map<string, SharedInstance> | undefined>;
const instances: Map<string, SharedInstance> = (holder[registryKey] ??= new Map());

const maxIdleConnections = 8;

const fixedSettings: Readonly<Record<string, string>> = {
  autoinstall_known_extensions: 'false',
  autoload_known_extensions: 'false',
  allow_community_extensions: 'false',
};

/** Opens a file, or joins whoever in this process has it open. `:memory:` is always one of its own. */
export async function openWarehouse(
  place: string,
  path: string,
  settings: Readonly<Record<string, string>>,
): Promise<Warehouse> {
  if (!isMainThread) {
    throw new FatalError(
      `${place}: a DuckDB file must not be opened in a worker thread; that would destroy it.`,
      {
        code: 'warehouse_thread',
        next: 'Open it in the main thread.',
      },
    );
  }
  if (path === ':memory:') {
    const instance = await createInstance(path, settings);
    return warehouseOf(place, instance, await catalogueOf(instance), new Set(), () => instance.closeSync());
  }
  const key = realPath(place, path);
  const shared = await joinInstance(place, key, settings);
  const catalogue = await catalogueOf(shared.instance);
  return warehouseOf(place, shared.instance, catalogue, shared.entry.locks, () => {
    shared.entry.users -= 1;
    if (shared.entry.users > 0) return;
    instances.delete(key);
    shared.instance.closeSync();
  });
}

async function joinInstance(
  place: string,
  key: string,
  settings: Readonly<Record<string, string>>,
): Promise<{ entry: SharedInstance; instance: DuckDBInstance }> {
  const wanted = JSON.stringify(settings);
  let entry = instances.get(key);
  if (entry && entry.settings !== wanted) {
    throw new ConfigError(
      `${place}: two connections of this project open the file with different settings.`,
      {
        code: 'warehouse_settings',
        next: 'Give both the same memory_limit, threads and read_only, or use one connection.',
      },
    );
  }
  if (!entry) {
    entry = { instance: createInstance(key, settings), settings: wanted, locks: new Set(), users: 0 };
    instances.set(key, entry);
  }
  entry.users += 1;
  try {
    return { entry, instance: await entry.instance };
  } catch (error) {
    if (instances.get(key) === entry) instances.delete(key);
    throw duckdbError(error, place);
  }
}

async function createInstance(
  path: string,
  settings: Readonly<Record<string, string>>,
): Promise<DuckDBInstance> {
  const instance = await DuckDBInstance.create(path, { ...settings, ...fixedSettings });
  const connection = await instance.connect();
  try {
    await connection.run("set global TimeZone = 'UTC'");
    registerBatchFunction(connection);
  } finally {
    connection.closeSync();
  }
  return instance;
}

async function catalogueOf(instance: DuckDBInstance): Promise<string> {
  const connection = await instance.connect();
  try {
    const reader = await connection.runAndReadAll('select current_database()');
    return String(reader.getRows()[0]?.[0]);
  } finally {
    connection.closeSync();
  }
}

/** The file's path without links, also when the file is not there yet. */
function realPath(place: string, path: string): string {
  if (existsSync(path)) return realpathSync(path);
  if (!existsSync(dirname(path))) {
    throw new ConfigError(`${place}: there is no folder ${dirname(path)}.`, {
      code: 'database_unusable',
      next: 'Create the folder, or correct the path of the connection.',
    });
  }
  return join(realpathSync(dirname(path)), basename(path));
}

function warehouseOf(
  place: string,
  instance: DuckDBInstance,
  catalogue: string,
  locks: Set<string>,
  release: () => void,
): Warehouse {
  const idle: DuckDBConnection[] = [];
  let open = true;

  async function lease(signal: AbortSignal | undefined): Promise<Lease> {
    if (!open) throw new FatalError(`${place}: the connection is closed.`, { code: 'connection_closed' });
    const connection = idle.pop() ?? (await instance.connect());
    const interrupt = () => connection.interrupt();
    signal?.addEventListener('abort', interrupt);
    return {
      run: async (work) => {
        try {
          signal?.throwIfAborted();
          return await work(connection);
        } catch (error) {
          throw duckdbError(error, place, signal);
        }
      },
      release: () => {
        signal?.removeEventListener('abort', interrupt);
        if (open && idle.length < maxIdleConnections) idle.push(connection);
        else connection.closeSync();
      },
    };
  }

  return {
    catalogue,
    lease,
    lock: (name) => {
      if (locks.has(name)) return { holder: `another load of this process (${process.pid})` };
      locks.add(name);
      let held = true;
      return {
        lock: {
          isHeld: () => held,
          release: async () => {
            if (held) locks.delete(name);
            held = false;
          },
        },
      };
    },
    use: async (signal, work) => {
      const leased = await lease(signal);
      try {
        return await leased.run(work);
      } finally {
        leased.release();
      }
    },
    close: () => {
      if (!open) return;
      open = false;
      for (const connection of idle) connection.closeSync();
      release();
    },
  };
}
