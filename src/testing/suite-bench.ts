import type { Connection, Source, StreamSchema, Target } from '../connector/connection.ts';
import type { ColumnsPayload } from '../connector/payload.ts';
import { rowBatches } from '../connector/row-batches.ts';
import type { TableName } from '../sql/dialect.ts';
import type { SuiteOptions, SuiteTable } from './suite-options.ts';

const memoryBudgetBytes = 64 * 1024 * 1024;

/** What the tests of a suite work with. */
export class SuiteBench<Config> {
  readonly options: SuiteOptions<Config>;
  #connection: Connection | undefined;
  #opened: Connection[] = [];

  constructor(options: SuiteOptions<Config>) {
    this.options = options;
  }

  /** The connection that tests share. */
  async connection(): Promise<Connection> {
    this.#connection ??= await this.open();
    return this.#connection;
  }

  /** A connection of its own, closed at the end if it is not before. */
  async open(config?: Config): Promise<Connection> {
    const { connector, folder } = this.options;
    const opened = await connector.open(config ?? (await this.options.config()), {
      name: 'SUITE',
      projectFolder: folder,
      temporaryFolder: folder,
      memoryBudgetBytes,
    });
    this.#opened.push(opened);
    return opened;
  }

  async close(): Promise<void> {
    for (const opened of this.#opened) await opened.close();
    this.#opened = [];
    this.#connection = undefined;
  }

  async source(): Promise<Source> {
    const { source } = await this.connection();
    if (!source) throw new Error('the connection has no source');
    return source;
  }

  async target(): Promise<Target> {
    const { target } = await this.connection();
    if (!target) throw new Error('the connection has no target');
    return target;
  }

  /** Puts rows into the system and gives the stream's name. */
  async put(table: SuiteTable): Promise<string> {
    const connection = await this.connection();
    if (this.options.put) return await this.options.put(table, connection);
    return await putByTarget(table, connection);
  }

  async describe(stream: string): Promise<StreamSchema> {
    return await (await this.source()).describe({ name: stream }, {});
  }
}

/**
 * Makes a stream by the connection's own target.
 * @param fileName for targets of files: the name of the file
 */
export async function putByTarget(
  table: SuiteTable,
  { target, database }: Connection,
  fileName: string = table.name,
): Promise<string> {
  if (!target) throw new Error('a connection without a target needs put() in the options of the suite');
  const name: TableName = { schema: database?.dialect.defaultSchema ?? '', name: fileName };
  const stage = database ? name : { ...name, name: `stage_${fileName}` };
  const request = { table: stage, schema: table.schema, onProgress: () => {} };
  await target.stage(request, payloadOf(table), new AbortController().signal);
  if (!database) await target.publishFile?.(stage, name);
  return database ? `${name.schema}.${name.name}` : name.name;
}

export function payloadOf({ name, schema, pages }: SuiteTable): ColumnsPayload {
  return { format: 'columns', schema, batches: rowBatches(schema.columns, pages, { stream: name }) };
}
