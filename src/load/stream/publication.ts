import type { IsolationLevel } from '../../connector/connection.ts';
import { castTo } from '../../sql/cast.ts';
import type { Column } from '../../sql/data-type.ts';
import type { Dialect, TableName } from '../../sql/dialect.ts';
import {
  addColumn,
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
  type StatementTurn,
} from '../../sql/merge/index.ts';
import type { StreamConfig } from '../replication/replication.ts';
import { followsKeys } from '../replication/stream-mode.ts';
import type { ColumnMapping, MappedColumn } from './column-mapping.ts';
import { addedColumns, constantColumns, fillingLoadedAt, type ConstantColumn } from './constant-columns.ts';
import { evolve, freshColumns } from './evolution.ts';
import { besideStage } from './stage-name.ts';
import { isolationOf } from './isolation.ts';
import type { TableSwap } from './swap.ts';
import { tableDefinition } from './table-definition.ts';
import { tableKeys } from './table-keys.ts';
import { keyLiteral, ordersAsText } from './key-value.ts';
import type { PartitionWindow } from './partition-window.ts';
import type { TableDependents, TargetState } from './target-state.ts';
import type { Watermark } from './watermark.ts';
import { leavingRows } from './window-replacement.ts';

export interface PublicationRequest {
  readonly dialect: Dialect;
  readonly stream: StreamConfig;
  readonly mapping: ColumnMapping;
  readonly target: TargetState;
  /** Of the target; absent when it is not there, or keeps its rows. */
  readonly dependents?: TableDependents;
  readonly stage: TableName;
  /** True when what the target holds is to be replaced. */
  readonly replaces: boolean;
  /** True when the source's catalogue promises one row per primary key. */
  readonly uniqueKey: boolean;
  /** How far the stream has been loaded already. */
  readonly watermark?: Watermark;
  /** Set when the stage holds all rows of a stretch of time, and takes the place of what the target has of it. */
  readonly window?: PartitionWindow;
  /** Name for a temporary table, free in a session. */
  readonly deltaName: string;
  /** Names the load in the rows that it brings. */
  readonly loadId: string;
}

/** The statements that make staged rows visible, in one transaction. */
export interface PublicationPlan {
  /** In words: swap, refill, append, merge. */
  readonly method: string;
  readonly statements: readonly Statement[];
  /** Changes of the target's columns, for people. */
  readonly schemaChanges: readonly string[];
  /** True when another table takes the place of the target. */
  readonly rebuilds: boolean;
  /** How it does so where definitions cannot be rolled back. */
  readonly swap?: TableSwap;
  /** Of the transaction; the system's own choice when absent. */
  readonly isolation?: IsolationLevel;
}

/** Where DuckDB finds a row of a table, unless a column of that name hides it. */
const rowPlace = 'rowid';

/** Decides how the stage becomes the target. Runs nothing. */
export function planPublication(request: PublicationRequest): PublicationPlan {
  const { dialect, stream, mapping, target, dependents } = request;
  const keeps = stream.mode === 'truncate' || (dependents?.names ?? []).length > 0;
  const isKept = target.exists && (!request.replaces || keeps);
  const body = isKept
    ? publishIntoKept({ ...request, stream: fillingLoadedAt(stream, target.columns, mapping.columns) })
    : publishFresh(request);
  const keys =
    body.rebuilds || !target.exists
      ? tableKeys(dialect, stream, mapping, target.table, body.swap?.next ?? target.table)
      : [];
  const isolation = isolationOf(dialect, stream);
  return {
    ...body,
    ...(isolation ? { isolation } : {}),
    statements: [
      ...stream.target.preSql.map((sql) => userStatement(sql, 'before')),
      ...body.statements,
      dropTable(dialect, request.stage),
      ...keys,
      ...stream.target.postSql.map((sql) => userStatement(sql, 'placed')),
    ],
  };
}

function publishFresh(request: PublicationRequest): PublicationPlan {
  const { dialect, stream, mapping, target } = request;
  const columns = freshColumns(dialect, mapping.columns);
  const rows = stageRows(request, columns);
  const choice = keyChoice(request);
  const isPlain =
    stream.target.tableDdl === undefined &&
    columns.every((column) => !column.converted && column.expression === undefined) &&
    !mapping.columns.some((column) => isRequired(stream, column)) &&
    Object.keys(rows.constants).length === 0;
  const change = target.exists ? [] : [`table ${target.table.schema}.${target.table.name} created`];
  const result = { schemaChanges: change, rebuilds: true };
  if (isPlain && (!choice || request.uniqueKey)) {
    const method = 'swap: the stage takes the place of the table';
    return dialect.ddlCommits
      ? { ...result, method, statements: [], swap: swapOf(request, request.stage) }
      : { ...result, method, statements: swapTable(dialect, request.stage, target.table) };
  }
  const definitions = mapping.columns.map((column): Column => {
    const { name, type } = column;
    return { name, type, nullable: !isRequired(stream, column) };
  });
  for (const { name, type } of constantsOf(request)) definitions.push({ name, type, nullable: true });
  const method = 'rebuild: a new table is filled from the stage';
  const filled = (into: StageRows): readonly Statement[] => [
    dropTable(dialect, into.target),
    tableDefinition(dialect, stream, target.table, into.target, definitions),
    choice
      ? insertByKey(dialect, { rows: into, choice, unique: request.uniqueKey })
      : insertRows(dialect, into),
  ];
  if (!dialect.ddlCommits) return { ...result, method, statements: filled(rows) };
  const next = besideStage(request.stage, 'next');
  const statements = filled({ ...rows, target: next }).map((one) => ({ ...one, turn: 'before' as const }));
  return { ...result, method, statements, swap: swapOf(request, next) };
}

/** True for a column that the stream says holds no NULL, unless rows that break that are to be loaded. */
function isRequired(stream: StreamConfig, { source }: MappedColumn): boolean {
  if (stream.onConstraintFailure === 'warn') return false;
  return Object.entries(stream.rules).some(
    ([name, { notNull }]) => notNull && name.toLowerCase() === source.name.toLowerCase(),
  );
}

function swapOf({ stage, target }: PublicationRequest, next: TableName): TableSwap {
  return {
    target: target.table,
    next,
    held: besideStage(stage, 'held'),
    marker: besideStage(stage, 'marker'),
    existed: target.exists,
  };
}

function publishIntoKept(request: PublicationRequest): PublicationPlan {
  const { dialect, stream, mapping, target } = request;
  const constants = constantsOf(request);
  const evolution = evolve(dialect, stream, mapping.columns, target, request.replaces);
  const rows = stageRows(request, evolution.published);
  const choice = keyChoice(request);
  const plan = (method: string, statements: readonly Statement[]): PublicationPlan => ({
    method,
    statements: [...evolution.statements, ...missingConstants(request, constants), ...statements],
    schemaChanges: evolution.changes.filter(
      (change) => !constants.some(({ name }) => change.startsWith(`column ${name} `)),
    ),
    rebuilds: false,
  });
  if (request.replaces) {
    const { names = [], hasIncomingForeignKey = false } = request.dependents ?? {};
    const why = names.length > 0 ? `it has ${names.join(', ')}` : 'mode truncate';
    return plan(
      `refill: the table is emptied and filled (${why})`,
      refill(dialect, rows, request.uniqueKey ? undefined : choice, !hasIncomingForeignKey),
    );
  }
  const leaving = leavingRows(request, choice !== undefined);
  if (choice) {
    const { mergeStrategy } = stream.target;
    const merge = {
      rows,
      choice,
      unique: request.uniqueKey,
      extraColumns: evolution.extraColumns.filter((name) => !Object.hasOwn(rows.constants, name)),
      ...heldUpTo(request, evolution.published),
      ...(mergeStrategy === undefined ? {} : { strategy: mergeStrategy }),
    };
    return plan(
      request.window
        ? 'replace the rows of a window: those that are gone are removed, the others merged by primary key'
        : mergeStrategy === undefined
          ? 'merge by primary key: changed rows are replaced, new ones added, same ones left alone'
          : `merge by primary key: ${mergeStrategy}`,
      [...leaving, ...mergeByKey(dialect, { ...merge, deltaName: request.deltaName })],
    );
  }
  if (request.window) return plan('replace the rows of a window', [...leaving, insertRows(dialect, rows)]);
  if (followsKeys(stream.mode) && mapping.updateKey) {
    return plan(
      'append: rows that share the watermark are replaced, the others added',
      replaceTail(dialect, rows, mapping.updateKey.name, isOrderedAlike(request, mapping.updateKey)),
    );
  }
  return plan('append', [insertRows(dialect, rows)]);
}

/** Texts have an order of their own in each system, and so have numbers that are texts in one of them. */
function isOrderedAlike({ dialect }: PublicationRequest, { source, type }: MappedColumn): boolean {
  return source.type.type !== 'text' && !ordersAsText(dialect, type);
}

function constantsOf(request: PublicationRequest): readonly ConstantColumn[] {
  const { dialect, stream, mapping, target, loadId, replaces } = request;
  const choice = target.exists && !replaces ? keyChoice(request) : undefined;
  const held = choice && isHeld(request, choice);
  return [
    ...addedColumns(dialect, mapping.added),
    ...constantColumns(dialect, stream, target.columns, loadId, held),
  ];
}

/** A predicate on the stage's rows: the target has their key. Keys are never NULL. */
function isHeld({ dialect, mapping, target }: PublicationRequest, { key }: KeyChoice): string {
  const staged = mapping.primaryKey.map(({ name, source }) => {
    const held = target.columns.find((column) => column.name === name)?.type ?? source.type;
    const isSame = dialect.typeName(held) === dialect.typeName(source.type);
    return isSame ? dialect.quote(name) : castTo(dialect, dialect.quote(name), held);
  });
  const names = key.map((name) => dialect.quote(name)).join(', ');
  return `(${staged.join(', ')}) in (select ${names} from ${dialect.quoteTable(target.table)})`;
}

function missingConstants(
  { dialect, target }: PublicationRequest,
  constants: readonly ConstantColumn[],
): readonly Statement[] {
  return constants
    .filter(({ name }) => !target.columns.some((column) => column.name === name))
    .map(({ name, type }) => addColumn(dialect, target.table, { name, type, nullable: true }));
}

function stageRows(request: PublicationRequest, columns: readonly PublishedColumn[]): StageRows {
  const { dialect, mapping } = request;
  const hasPlaces =
    dialect.name === 'duckdb' && !mapping.columns.some(({ name }) => name.toLowerCase() === rowPlace);
  return {
    stage: request.stage,
    target: request.target.table,
    columns,
    constants: Object.fromEntries(constantsOf(request).map(({ name, sql }) => [name, sql])),
    ...(hasPlaces ? { place: rowPlace } : {}),
  };
}

/** The watermark as the target writes it; of a range it says nothing about what is held. */
function heldUpTo(
  { dialect, stream, mapping, watermark }: PublicationRequest,
  columns: readonly PublishedColumn[],
): { readonly heldUpTo?: string } {
  const column = columns.find(({ name }) => name === mapping.updateKey?.name);
  if (stream.range || !column || !watermark || watermark.updateKey !== mapping.updateKey?.source.name)
    return {};
  if (ordersAsText(dialect, column.type)) return {};
  return { heldUpTo: keyLiteral(dialect, { ...column, nullable: true }, watermark.value) };
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

function userStatement(sql: string, turn: StatementTurn): Statement {
  return { role: 'prepare', sql, turn };
}
