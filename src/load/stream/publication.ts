import type { Column, DataType } from '../../sql/data-type.ts';
import type { Dialect, TableName } from '../../sql/dialect.ts';
import {
  addColumn,
  createIndex,
  createTable,
  dropTable,
  insertByKey,
  insertRows,
  mergeByKey,
  refill,
  replaceTail,
  swapTable,
  type KeyChoice,
  type PublishedColumn,
  type StageRows,
  type Statement,
} from '../../sql/merge/index.ts';
import type { StreamConfig } from '../replication/replication.ts';
import { followsKeys } from '../replication/stream-mode.ts';
import type { ColumnMapping } from './column-mapping.ts';
import { evolve, freshColumns } from './evolution.ts';
import type { TargetState } from './target-state.ts';

export interface PublicationRequest {
  readonly dialect: Dialect;
  readonly stream: StreamConfig;
  readonly mapping: ColumnMapping;
  readonly target: TargetState;
  readonly stage: TableName;
  /** True when what the target holds is to be replaced. */
  readonly replaces: boolean;
  /** True when the source's catalogue promises one row per primary key. */
  readonly uniqueKey: boolean;
  /** Name for a temporary table, free in a session. */
  readonly deltaName: string;
}

/** The statements that make staged rows visible, in one transaction. */
export interface PublicationPlan {
  /** In words: swap, refill, append, merge. */
  readonly method: string;
  readonly statements: readonly Statement[];
  /** Changes of the target's columns, for people. */
  readonly schemaChanges: readonly string[];
}

const loadedAt = '_sling_loaded_at';
const loadedAtSeconds = 'cast(floor(extract(epoch from current_timestamp)) as bigint)';

/** Decides how the stage becomes the target. Runs nothing. */
export function planPublication(request: PublicationRequest): PublicationPlan {
  const { dialect, stream, mapping, target } = request;
  const keeps = stream.mode === 'truncate' || target.dependents.length > 0;
  const body =
    target.exists && (!request.replaces || keeps) ? publishIntoKept(request) : publishFresh(request);
  return {
    ...body,
    statements: [
      ...stream.target.preSql.map(userStatement),
      ...body.statements,
      dropTable(dialect, request.stage),
      ...tableKeys(dialect, stream, mapping, target, request.replaces && !keeps),
      ...stream.target.postSql.map(userStatement),
    ],
  };
}

function publishFresh(request: PublicationRequest): PublicationPlan {
  const { dialect, stream, mapping, target } = request;
  const columns = freshColumns(dialect, mapping.columns);
  const rows = stageRows(request, columns);
  const choice = keyChoice(request);
  const isPlain =
    columns.every((column) => column.castTo === undefined && column.expression === undefined) &&
    Object.keys(rows.constants).length === 0;
  const change = target.exists ? [] : [`table ${target.table.schema}.${target.table.name} created`];
  if (isPlain && (!choice || request.uniqueKey)) {
    return {
      method: 'swap: the stage takes the place of the table',
      statements: swapTable(dialect, request.stage, target.table),
      schemaChanges: change,
    };
  }
  const definitions: Column[] = mapping.columns.map(({ name, type }) => ({ name, type, nullable: true }));
  const kind = loadedAtType(stream);
  if (kind) definitions.push({ name: loadedAt, type: kind, nullable: true });
  return {
    method: 'rebuild: a new table is filled from the stage',
    statements: [
      dropTable(dialect, target.table),
      createTable(dialect, target.table, definitions),
      choice ? insertByKey(dialect, { rows, choice, unique: request.uniqueKey }) : insertRows(dialect, rows),
    ],
    schemaChanges: change,
  };
}

function publishIntoKept(request: PublicationRequest): PublicationPlan {
  const { dialect, stream, mapping, target } = request;
  const withLoadedAt = withLoadedAtColumn(request);
  const evolution = evolve(dialect, stream, mapping.columns, target, request.replaces);
  const rows = stageRows(request, evolution.published);
  const choice = keyChoice(request);
  const plan = (method: string, statements: readonly Statement[]): PublicationPlan => ({
    method,
    statements: [...evolution.statements, ...withLoadedAt, ...statements],
    schemaChanges: evolution.changes.filter((change) => !change.startsWith(`column ${loadedAt} `)),
  });
  if (request.replaces) {
    const why = target.dependents.length > 0 ? `it has ${target.dependents.join(', ')}` : 'mode truncate';
    return plan(
      `refill: the table is emptied and filled (${why})`,
      refill(dialect, rows, request.uniqueKey ? undefined : choice, !target.hasIncomingForeignKey),
    );
  }
  if (choice) {
    const { mergeStrategy } = stream.target;
    const merge = {
      rows,
      choice,
      unique: request.uniqueKey,
      extraColumns: evolution.extraColumns.filter((name) => !Object.hasOwn(rows.constants, name)),
      ...(mergeStrategy === undefined ? {} : { strategy: mergeStrategy }),
    };
    return plan(
      mergeStrategy === undefined
        ? 'merge by primary key: changed rows are replaced, new ones added, same ones left alone'
        : `merge by primary key: ${mergeStrategy}`,
      mergeByKey(dialect, { ...merge, deltaName: request.deltaName }),
    );
  }
  if (followsKeys(stream.mode) && mapping.updateKey) {
    return plan(
      'append: rows that share the watermark are replaced, the others added',
      replaceTail(dialect, rows, mapping.updateKey.name),
    );
  }
  return plan('append', [insertRows(dialect, rows)]);
}

/** The type of `_sling_loaded_at`; undefined when the stream has no such column. */
function loadedAtType({ mode, loadedAt: form }: StreamConfig): DataType | undefined {
  if (form === 'timestamp') return { type: 'timestamptz' };
  return form === 'unix' || mode === 'snapshot' ? { type: 'int64' } : undefined;
}

function withLoadedAtColumn(request: PublicationRequest): readonly Statement[] {
  const type = loadedAtType(request.stream);
  if (!type || request.target.columns.some((column) => column.name === loadedAt)) return [];
  const { dialect, target } = request;
  return [addColumn(dialect, target.table, { name: loadedAt, type, nullable: true })];
}

function stageRows(request: PublicationRequest, columns: readonly PublishedColumn[]): StageRows {
  return {
    stage: request.stage,
    target: request.target.table,
    columns,
    constants: loadedAtType(request.stream) ? { [loadedAt]: loadedAtSql(request) } : {},
  };
}

/** In the form that the stream asks for, unless the table was made by somebody who keeps another one. */
function loadedAtSql({ stream, target }: PublicationRequest): string {
  const held = target.columns.find((column) => column.name === loadedAt)?.type ?? loadedAtType(stream);
  if (held?.type === 'timestamptz') return 'current_timestamp';
  if (held?.type === 'timestamp') return "(current_timestamp at time zone 'UTC')";
  return loadedAtSeconds;
}

/** Rows are chosen by key in incremental mode only; the other modes take the source as it is. */
function keyChoice(request: PublicationRequest): KeyChoice | undefined {
  const { stream, mapping } = request;
  if (!followsKeys(stream.mode) || mapping.primaryKey.length === 0) return undefined;
  return {
    key: mapping.primaryKey.map((column) => column.name),
    ...(mapping.updateKey ? { latestBy: mapping.updateKey.name } : {}),
  };
}

/**
 * Keys that `target_options.table_keys` asks for, on a table that was made anew. PostgreSQL gets the key of a
 * merge as well: without an index every later merge would read the whole table.
 */
function tableKeys(
  dialect: Dialect,
  stream: StreamConfig,
  mapping: ColumnMapping,
  target: TargetState,
  rebuilt: boolean,
): readonly Statement[] {
  if (target.exists && !rebuilt) return [];
  const { primary, unique, index, uniqueColumns, indexedColumns } = stream.target.tableKeys;
  const named = (names: readonly string[]): string[] =>
    names.map((name) => mapping.columns.find((column) => column.source.name === name)?.name ?? name);
  const key = (names: readonly string[], suffix: string, isUnique: boolean): Statement[] =>
    names.length === 0
      ? []
      : [createIndex(dialect, target.table, `${target.table.name}_${suffix}`, named(names), isUnique)];
  const table = dialect.quoteTable(target.table);
  const columns = named(primary).map((name) => dialect.quote(name));
  const mergesByKey = dialect.name === 'postgres' && primary.length === 0 && followsKeys(stream.mode);
  const mergeKey = mergesByKey ? mapping.primaryKey.map((column) => column.source.name) : [];
  return [
    ...(columns.length > 0
      ? [{ role: 'schema' as const, sql: `alter table ${table} add primary key (${columns.join(', ')})` }]
      : []),
    ...key(mergeKey, 'key', true),
    ...key(unique, 'unique', true),
    ...key(index, 'index', false),
    ...uniqueColumns.flatMap((name) => key([name], `${name}_unique`, true)),
    ...indexedColumns.flatMap((name) => key([name], `${name}_index`, false)),
  ];
}

function userStatement(sql: string): Statement {
  return { role: 'prepare', sql };
}
