import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api';
import { duckdbDialect } from '../../../sql/dialects/index.ts';
import { registerBatchFunction } from '../../../connector/duckdb/batch-pump.ts';
import { cancelled } from './cancellation.ts';

export interface FileEngine {
  /** Runs `work` on a connection of its own; aborting interrupts it. */
  use<T>(signal: AbortSignal | undefined, work: (connection: DuckDBConnection) => Promise<T>): Promise<T>;
  /** A connection that the caller closes. */
  connect(): Promise<DuckDBConnection>;
  close(): void;
  /** Most memory that batches may take before they are handed over. */
  readonly memoryBudgetBytes: number;
  /** Most memory that DuckDB takes. */
  readonly memoryLimitBytes: number;
}

/** A DuckDB in memory that reads and writes files; tables that outgrow the budget go to the temporary folder. */
export function fileEngine(temporaryFolder: string, memoryBudgetBytes: number): FileEngine {
  const memoryLimitBytes = Math.max(256e6, memoryBudgetBytes);
  let instance: Promise<DuckDBInstance> | undefined;
  const opened = (): Promise<DuckDBInstance> =>
    (instance ??= openInstance(memoryLimitBytes, temporaryFolder));
  // At once, on a thread of its own, while the other end of a load is opened.
  opened().catch(() => undefined);

  async function connect(): Promise<DuckDBConnection> {
    const connection = await (await opened()).connect();
    await connection.run(`set TimeZone = 'UTC'`);
    return connection;
  }

  return {
    memoryBudgetBytes,
    memoryLimitBytes,
    connect,
    use: async (signal, work) => {
      const connection = await connect();
      const interrupt = () => connection.interrupt();
      signal?.addEventListener('abort', interrupt);
      try {
        if (signal?.aborted) throw cancelled();
        return await work(connection);
      } catch (error) {
        throw signal?.aborted ? cancelled() : error;
      } finally {
        signal?.removeEventListener('abort', interrupt);
        connection.closeSync();
      }
    },
    close: () => {
      void instance?.then((open) => open.closeSync()).catch(() => undefined);
      instance = undefined;
    },
  };
}

async function openInstance(memoryLimitBytes: number, temporaryFolder: string): Promise<DuckDBInstance> {
  const instance = await DuckDBInstance.create(':memory:', {
    memory_limit: `${Math.floor(memoryLimitBytes / 1e6)}MB`,
    temp_directory: temporaryFolder,
  });
  const connection = await instance.connect();
  registerBatchFunction(connection);
  connection.closeSync();
  return instance;
}

export function literal(text: string): string {
  return duckdbDialect.literal(text);
}

export function quote(identifier: string): string {
  return duckdbDialect.quote(identifier);
}
