import type { PartLevel } from '../../connector/connection.ts';
import type { JsonObject } from '../../core/json.ts';
import type { Origin } from '../../core/origin.ts';
import type { DataType } from '../../sql/data-type.ts';
import type { MergeStrategy } from '../../sql/merge/index.ts';
import type { ColumnRule } from './column-rule.ts';
import type { ConstraintFailure } from './constraint-failure.ts';
import type { TransformStage } from './column-transforms.ts';
import type { ColumnTyping } from './column-typing.ts';
import type { ReplicationHooks, StreamHooks } from './hook.ts';
import type { ChunkOptions } from './chunk-options.ts';
import type { DeleteMissing } from './delete-missing.ts';
import type { MetadataColumn } from './column-metadata.ts';
import type { IsolationWord } from './isolation-level.ts';
import type { LoadedAt } from './loaded-at.ts';
import type { NullUpdateKey } from './null-update-key.ts';
import type { ReadingWarning } from './reading-warning.ts';
import type { Selection } from './selection.ts';
import type { UpdateRange } from './update-range.ts';

/** How rows get into the target. */
export type LoadMode =
  | 'full-refresh'
  | 'truncate'
  | 'snapshot'
  | 'incremental'
  | 'backfill'
  | 'definition-only';

/** How target columns are named after source columns. */
export type ColumnCasing = 'normalize' | 'source' | 'target' | 'snake' | 'camel' | 'lower' | 'upper';

/** A replication file, checked and with its defaults worked into each stream. */
export interface Replication {
  /** Path relative to the project folder; also the replication's identity. */
  readonly file: string;
  /** Connection names. */
  readonly source: string;
  readonly target: string;
  readonly sourceOrigin: Origin;
  readonly targetOrigin: Origin;
  readonly env: Readonly<Record<string, string>>;
  /** Those of the file itself. */
  readonly hooks?: ReplicationHooks;
  /** In the order of the file; disabled streams included. */
  readonly streams: readonly StreamConfig[];
  /** What was passed over in the file. */
  readonly warnings: readonly ReadingWarning[];
}

/** One stream as it is to be loaded. Plain data. */
export interface StreamConfig {
  /** As written: `public.orders`, `public.*`, `file://data/*.csv`, or any name beside `sql`. */
  readonly name: string;
  readonly id?: string;
  readonly description: string;
  readonly origin: Origin;
  /** Where the object, or else the stream, is written. */
  readonly objectOrigin: Origin;
  readonly mode: LoadMode;
  /** Template of the target's name, with variables not yet filled. */
  readonly object: string;
  readonly select: Selection;
  readonly where?: string;
  /** Empty when there is none. Source names. */
  readonly primaryKey: readonly string[];
  readonly updateKey?: string;
  readonly sql?: string;
  readonly tags: readonly string[];
  /** Cron expressions, kept for the engine. */
  readonly schedule: readonly string[];
  readonly disabled: boolean;
  /** A wildcard that goes into one table. */
  readonly single: boolean;
  /** Casts by source column name; `*` casts all others. */
  readonly casts: Readonly<Record<string, DataType>>;
  /** What must hold by source column name. */
  readonly rules: Readonly<Record<string, ColumnRule>>;
  /** Changes of values, one stage after the other. */
  readonly transforms: readonly TransformStage[];
  /** What the source connector is told, such as `delimiter`. */
  readonly sourceOptions: Readonly<Record<string, unknown>>;
  /** Most rows per run. */
  readonly limit?: number;
  /** Stretch of the update key that is read, instead of what is beyond the watermark. */
  readonly range?: UpdateRange;
  /** How a long reading is to be cut; absent when that is left to the size of the table. */
  readonly chunks?: ChunkOptions;
  /** Rows that may be left out because they do not fit what is declared; more of them are an error. */
  readonly maxRejects: number;
  /** Rows whose update key is younger than this wait for a later run. */
  readonly settleDelaySeconds: number;
  /** Rows that are this much older than the watermark are read again. */
  readonly lookbackSeconds: number;
  readonly nullUpdateKey: NullUpdateKey;
  /** Chunks that are read side by side; absent when that is left to the systems. */
  readonly parallelChunks?: number;
  /** Silence of the source after which a reading is broken off and repeated; 0 waits for ever. */
  readonly stallSeconds: number;
  /** Age up to which a run goes on with what a stopped one has gathered; 0 starts over. */
  readonly resumeHours: number;
  /** What becomes of rows that break a constraint of `rules`. */
  readonly onConstraintFailure: ConstraintFailure;
  readonly target: TargetOptions;
  readonly hooks: StreamHooks;
  /** Set when rows carry the time of their loading; snapshots always do. */
  readonly loadedAt?: LoadedAt;
  /** Columns about a row's way beside that. */
  readonly metadata: readonly MetadataColumn[];
  readonly meta: StreamMeta;
  /** What is done in another way than it is asked for, one line each. */
  readonly remarks: readonly string[];
}

export interface TargetOptions {
  readonly columnCasing: ColumnCasing;
  readonly addNewColumns: boolean;
  /** Widen a target column whose source type grew. */
  readonly adjustColumnType: boolean;
  readonly columnTyping: ColumnTyping;
  readonly mergeStrategy?: MergeStrategy;
  readonly deleteMissing?: DeleteMissing;
  /** Leave the stream out when its target is there. */
  readonly ignoreExisting: boolean;
  /** Makes new tables, in the place of our own definition; `{col_types}` is not yet filled. */
  readonly tableDdl?: string;
  readonly isolationLevel?: IsolationWord;
  readonly preSql: readonly string[];
  readonly postSql: readonly string[];
  readonly tableKeys: TableKeys;
  /** What the target connector of a file is told, such as `delimiter`. */
  readonly file: Readonly<Record<string, unknown>>;
  /** The file is a folder of files by these parts of the update key. */
  readonly parts?: readonly PartLevel[];
}

export interface TableKeys {
  readonly primary: readonly string[];
  readonly unique: readonly string[];
  readonly index: readonly string[];
  /** Named by `columns:`. Systems whose merges a key makes slower go without. */
  readonly primaryColumns: readonly string[];
  /** Each with a unique index of its own. */
  readonly uniqueColumns: readonly string[];
  /** Each with an index of its own. */
  readonly indexedColumns: readonly string[];
  /** Indexes over the columns that name them. */
  readonly named: readonly {
    readonly name: string;
    readonly unique: boolean;
    readonly columns: readonly string[];
  }[];
}

/** What Dagster users say about a stream. */
export interface StreamMeta {
  /** Slash-separated. */
  readonly assetKey?: string;
  readonly group?: string;
  readonly description?: string;
  /** Keys of assets that come before this one, slash-separated. */
  readonly deps: readonly string[];
  /** When it is loaded by itself, how old it may be, and its partitions; the project reads it. */
  readonly automation?: JsonObject;
}
