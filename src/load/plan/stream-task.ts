import type { Connection } from '../../connector/connection.ts';
import type { JsonObject } from '../../core/json.ts';
import type { RunOptions } from '../../core/plan.ts';
import type { Dialect, TableName } from '../../sql/dialect.ts';
import { duckdbDialect } from '../../sql/dialects/index.ts';
import type { HookServices } from '../hooks/hook-place.ts';
import type { StepMemory } from '../hooks/step-memory.ts';
import type { StreamConfig } from '../replication/replication.ts';
import type { PartitionWindow } from '../stream/partition-window.ts';

/** One stream, one table: what a plan is made for. */
export interface StreamTask {
  readonly stream: StreamConfig;
  readonly source: Connection;
  readonly target: Connection;
  /** Where tables of the source without a schema live; absent for files. */
  readonly sourceSchema?: string;
  /** Table, or for files the path as its `name`. */
  readonly object: TableName;
  /** True if other streams of the file go into the same table: all of them are looked at, so it is asked where it matters. */
  readonly sharesObject: () => boolean;
  readonly options: RunOptions;
  readonly services: HookServices;
  /** The replication's. */
  readonly file: string;
  /** What is known of the stream by its name: `schema`, `table`, `file_name`. */
  readonly names: Readonly<Record<string, string>>;
  /** What hooks at the start of the file stored. */
  readonly store: JsonObject;
  /** The replication's own variables, and those that such hooks set. */
  readonly env: Readonly<Record<string, string>>;
  /** Set for a step about partitions: only these rows are loaded, and replaced. */
  readonly window?: PartitionWindow;
  /** Names the stage; the same for every attempt. */
  readonly idempotencyKey: string;
  /** Of its step, for hooks that are to go on where the last attempt stopped. */
  readonly memory?: StepMemory;
}

/** The dialect of a source's predicates; files are read by DuckDB. */
export function sourceDialect(source: Connection): Dialect {
  return source.database?.dialect ?? duckdbDialect;
}
