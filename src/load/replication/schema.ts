import type { JsonValue } from '../../core/json.ts';
import { z } from 'zod';
import { type MetadataColumn, metadataColumnNames } from './column-metadata.ts';
import { columnTypingSchema, type ColumnTyping } from './column-typing.ts';
import type { NullUpdateKey } from './null-update-key.ts';

const word = z.string().min(1);
const words = z.union([z.string(), z.array(z.string())]);
/** YAML of old, and Sling with it, has more words for true and false. */
const flag = z.union([
  z.boolean(),
  z
    .enum(['yes', 'no', 'on', 'off', 'true', 'false'])
    .transform((text) => ['yes', 'on', 'true'].includes(text)),
]);
const count = z.union([z.int().min(0), z.string().regex(/^\d+$/, 'is no number').transform(Number)]);
const anything = z.unknown();

const sourceOptions = z.strictObject({
  empty_as_null: flag.optional(),
  header: flag.optional(),
  flatten: anything.optional(),
  fields_per_rec: anything.optional(),
  compression: z.enum(['auto', 'none', 'zip', 'gzip', 'snappy', 'zstd']).optional(),
  format: word.optional(),
  null_if: z.string().optional(),
  datetime_format: z.string().optional(),
  skip_blank_lines: flag.optional(),
  skip_lines: count.optional(),
  delimiter: z.string().optional(),
  escape: z.string().optional(),
  quote: z.string().optional(),
  max_decimals: anything.optional(),
  jmespath: anything.optional(),
  jq: anything.optional(),
  sheet: anything.optional(),
  range: z.union([z.string(), z.number()]).optional(),
  limit: count.optional(),
  offset: anything.optional(),
  chunk_size: anything.optional(),
  chunk_count: anything.optional(),
  chunk_expr: anything.optional(),
  encoding: word.optional(),
  columns: anything.optional(),
  transforms: anything.optional(),
});

const tableKeys = z.strictObject({
  primary: words.optional(),
  unique: words.optional(),
  index: words.optional(),
  cluster: anything.optional(),
  partition: anything.optional(),
  sort: anything.optional(),
  distribution: anything.optional(),
  hash: anything.optional(),
  duplicate: anything.optional(),
  aggregate: anything.optional(),
  update: anything.optional(),
});

const targetOptions = z.strictObject({
  header: flag.optional(),
  compression: word.optional(),
  concurrency: anything.optional(),
  batch_limit: anything.optional(),
  batch_max_duration: anything.optional(),
  datetime_format: z.string().optional(),
  delimiter: z.string().optional(),
  file_max_rows: anything.optional(),
  file_max_bytes: anything.optional(),
  format: word.optional(),
  max_decimals: anything.optional(),
  use_bulk: flag.optional(),
  ignore_existing: flag.optional(),
  delete_missing: anything.optional(),
  add_new_columns: flag.optional(),
  adjust_column_type: flag.optional(),
  column_casing: z.enum(['normalize', 'source', 'target', 'snake', 'upper', 'lower', 'camel']).optional(),
  column_typing: columnTypingSchema.optional(),
  encoding: anything.optional(),
  direct_insert: flag.optional(),
  table_keys: tableKeys.optional(),
  table_tmp: anything.optional(),
  table_ddl: z.string().optional(),
  pre_sql: words.optional(),
  post_sql: words.optional(),
  isolation_level: anything.optional(),
  merge_strategy: z.enum(['insert', 'update', 'update_insert', 'delete_insert']).optional(),
});

const changeCaptureOptions = z.strictObject({
  snapshot_start: anything.optional(),
  snapshot_chunk_size: anything.optional(),
  snapshot_run_duration: anything.optional(),
  run_max_events: anything.optional(),
  run_max_duration: anything.optional(),
  soft_delete: anything.optional(),
  retry_attempts: anything.optional(),
  retry_delay: anything.optional(),
  replay_from: anything.optional(),
  slot_level: anything.optional(),
  change_feed: anything.optional(),
});

const streamHooks = z.strictObject({
  pre: anything.optional(),
  post: anything.optional(),
  pre_merge: anything.optional(),
  post_merge: anything.optional(),
});

const dagsterMeta = z.strictObject({
  asset_key: words.optional(),
  deps: z.union([z.string(), z.array(words)]).optional(),
  group: z.string().optional(),
  description: z.string().optional(),
  auto_materialize_policy: anything.optional(),
  freshness_policy: anything.optional(),
});

const millraceMeta = z.strictObject({
  settle_delay_seconds: z.number().min(0).optional(),
  lookback_seconds: z.number().min(0).optional(),
  max_rejects: count.optional(),
  columns: z.array(z.enum(['loaded_at', ...metadataColumnNames])).optional(),
  null_update_key: z.enum(['read', 'skip', 'fail']).optional(),
  parallel_chunks: z.int().min(1).max(64).optional(),
  stall_seconds: z.number().min(0).optional(),
  resume_hours: z.number().min(0).optional(),
  automation: z.json().optional(),
  freshness: z.json().optional(),
  partitions: z.json().optional(),
});

const meta = z.looseObject({ dagster: dagsterMeta.optional(), millrace: millraceMeta.optional() });

const columns = z.union([
  z.record(z.string(), z.string().nullable()),
  z.array(z.union([z.string(), z.record(z.string(), anything)])),
]);

const stream = z.strictObject({
  id: word.optional(),
  description: z.string().optional(),
  mode: z.string().optional(),
  object: word.optional(),
  select: words.optional(),
  files: words.optional(),
  where: z.string().optional(),
  primary_key: words.optional(),
  update_key: z.string().optional(),
  sql: word.optional(),
  tags: words.optional(),
  source_options: sourceOptions.optional(),
  target_options: targetOptions.optional(),
  change_capture_options: changeCaptureOptions.optional(),
  schedule: words.optional(),
  disabled: flag.optional(),
  single: flag.optional(),
  transforms: anything.optional(),
  columns: columns.optional(),
  hooks: streamHooks.optional(),
  meta: meta.optional(),
});

const replication = z.strictObject({
  source: word,
  target: word,
  defaults: stream.nullable().optional(),
  streams: z.record(z.string(), stream.nullable()),
  hooks: z.strictObject({ start: anything.optional(), end: anything.optional() }).optional(),
  env: z
    .record(z.string(), z.union([z.string(), z.number(), z.boolean()]))
    .nullable()
    .optional(),
});

type Words = string | readonly string[];

/** What the schema lets through, as far as it is read further on; the rest is refused by key. */
export interface ReplicationYaml {
  readonly source: string;
  readonly target: string;
  readonly defaults?: StreamYaml | null;
  readonly streams: Readonly<Record<string, StreamYaml | null>>;
  readonly hooks?: Readonly<Record<string, unknown>>;
  readonly env?: Readonly<Record<string, string | number | boolean>> | null;
}

/** A stream, or the defaults, as written. */
export interface StreamYaml {
  readonly id?: string;
  readonly description?: string;
  readonly mode?: string;
  readonly object?: string;
  readonly select?: Words;
  readonly files?: Words;
  readonly where?: string;
  readonly primary_key?: Words;
  readonly update_key?: string;
  readonly sql?: string;
  readonly tags?: Words;
  readonly source_options?: Readonly<Record<string, unknown>> & { readonly limit?: number };
  readonly target_options?: TargetOptionsYaml;
  readonly change_capture_options?: Readonly<Record<string, unknown>>;
  readonly schedule?: Words;
  readonly disabled?: boolean;
  readonly single?: boolean;
  readonly columns?: ColumnsYaml;
  readonly hooks?: Readonly<Record<string, unknown>>;
  readonly transforms?: unknown;
  readonly meta?: { readonly dagster?: DagsterYaml; readonly millrace?: MillraceYaml };
}

export type ColumnsYaml = Readonly<Record<string, string | null>> | ColumnList;

export type ColumnList = readonly (string | Readonly<Record<string, unknown>>)[];

export function isColumnList(columns: ColumnsYaml): columns is ColumnList {
  return Array.isArray(columns);
}

interface TargetOptionsYaml {
  readonly [key: string]: unknown;
  readonly add_new_columns?: boolean;
  readonly adjust_column_type?: boolean;
  readonly column_casing?: string;
  readonly column_typing?: ColumnTyping;
  readonly ignore_existing?: boolean;
  readonly table_ddl?: string;
  readonly pre_sql?: Words;
  readonly post_sql?: Words;
  readonly table_keys?: { readonly primary?: Words; readonly unique?: Words; readonly index?: Words };
}

interface MillraceYaml {
  readonly settle_delay_seconds?: number;
  readonly lookback_seconds?: number;
  readonly max_rejects?: number;
  readonly columns?: readonly (MetadataColumn | 'loaded_at')[];
  readonly null_update_key?: NullUpdateKey;
  readonly parallel_chunks?: number;
  readonly stall_seconds?: number;
  readonly resume_hours?: number;
  /** Read by the project: when the stream is loaded by itself, and how old its table may be. */
  readonly automation?: JsonValue;
  readonly partitions?: JsonValue;
  readonly freshness?: JsonValue;
}

interface DagsterYaml {
  readonly asset_key?: Words;
  readonly deps?: string | readonly Words[];
  readonly group?: string;
  readonly description?: string;
}

/** The whole format. Unknown keys are refused; known ones that are not built have their own error. */
export const replicationSchema: z.ZodType<ReplicationYaml> =
  replication as unknown as z.ZodType<ReplicationYaml>;

/** One stream of it, or the keys that are given for all streams on the command line. */
export const streamSchema: z.ZodType<StreamYaml> = stream as unknown as z.ZodType<StreamYaml>;
