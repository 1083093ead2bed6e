import type { SqlSession } from '../../connector/connection.ts';
import type { Column } from '../../sql/data-type.ts';
import type { Dialect } from '../../sql/dialect.ts';
import { comparable, keyLiteral, keyText } from './key-value.ts';
import type { Watermark } from './watermark.ts';

/** What is needed to find how far the next reading goes. */
export interface WindowRequest {
  readonly streamName: string;
  readonly dialect: Dialect;
  /** The stream as a FROM item. */
  readonly from: string;
  /** The user's own predicate. */
  readonly where?: string;
  readonly updateKey: Column;
  /** Empty when there is none. */
  readonly primaryKey: readonly Column[];
  /** Absent for a first load. */
  readonly after?: Watermark;
  readonly limit?: number;
}

/** A bounded piece of the stream. */
export interface ReadWindow {
  /** Predicate on the source; the user's own is not in it. */
  readonly where: string;
  /** What holds once those rows are published; absent when the stream has no update key values. */
  readonly watermark?: Watermark;
}

/**
 * Settles the upper bound before reading, so that rows which arrive meanwhile wait for the next run.
 *
 * The lower bound is `>=`: rows that share the watermark's value are read again, because more of them may
 * have come. With a limit, the bound is the limit-th row beyond the watermark in the order of
 * (update key, primary key); without a primary key all ties of that row belong to the window.
 * Rows without an update key come with a first load and, where a primary key can merge them, with every
 * window that reaches the end of the stream.
 */
export async function openWindow(
  request: WindowRequest,
  session: SqlSession,
  signal: AbortSignal,
): Promise<ReadWindow> {
  const cut =
    request.limit === undefined ? undefined : await findCut(request, session, request.limit, signal);
  const watermark = cut ?? (await findEnd(request, session, signal)) ?? request.after;
  const nulls =
    request.updateKey.nullable && (request.primaryKey.length > 0 ? !cut?.key : request.after === undefined);
  const bounded = watermark && bounds(request, watermark);
  const isNull = `${request.dialect.quote(request.updateKey.name)} is null`;
  const where = [...(bounded ? [bounded] : []), ...(nulls ? [isNull] : [])].join(' or ');
  return { where: where === '' ? '1 = 0' : where, ...(watermark ? { watermark } : {}) };
}

/** `update_key >= lower bound`, as SQL; undefined for a first load. */
export function lowerBound(
  request: Pick<WindowRequest, 'dialect' | 'updateKey' | 'after'>,
): string | undefined {
  const { dialect, updateKey, after } = request;
  if (!after) return undefined;
  return `${comparable(dialect, updateKey)} >= ${keyLiteral(dialect, updateKey, after.value)}`;
}

function bounds(request: WindowRequest, watermark: Watermark): string {
  const { dialect, updateKey, primaryKey } = request;
  const key = comparable(dialect, updateKey);
  const bound = keyLiteral(dialect, updateKey, watermark.value);
  const lower = lowerBound(request);
  const upper = watermark.key
    ? upTo([
        { sql: key, bound },
        ...primaryKey.map((column, index) => keyTerm(dialect, column, watermark.key?.[index])),
      ])
    : `${key} <= ${bound}`;
  return `(${[...(lower ? [lower] : []), upper].join(' and ')})`;
}

interface KeyTerm {
  readonly sql: string;
  readonly bound: string;
}

function keyTerm(dialect: Dialect, column: Column, value = ''): KeyTerm {
  return { sql: comparable(dialect, column), bound: keyLiteral(dialect, column, value) };
}

/** `(a, b) <= (x, y)`, spelt out so that every system can use an index on it. */
function upTo(terms: readonly KeyTerm[]): string {
  const [term, ...rest] = terms;
  if (!term) return '1 = 1';
  if (rest.length === 0) return `${term.sql} <= ${term.bound}`;
  return `(${term.sql} <= ${term.bound} and (${term.sql} < ${term.bound} or ${upTo(rest)}))`;
}

/** `(a, b) > (x, y)`. */
function beyond(terms: readonly KeyTerm[]): string {
  const [term, ...rest] = terms;
  if (!term) return '1 = 0';
  if (rest.length === 0) return `${term.sql} > ${term.bound}`;
  return `(${term.sql} >= ${term.bound} and (${term.sql} > ${term.bound} or ${beyond(rest)}))`;
}

/** The row at which the limit cuts the stream; undefined when the limit reaches beyond its end. */
async function findCut(
  request: WindowRequest,
  session: SqlSession,
  limit: number,
  signal: AbortSignal,
): Promise<Watermark | undefined> {
  const { dialect, updateKey, primaryKey, after, streamName } = request;
  const columns = [updateKey, ...primaryKey];
  const keys = columns.map((column) => comparable(dialect, column));
  const start = after && {
    sql: comparable(dialect, updateKey),
    bound: keyLiteral(dialect, updateKey, after.value),
  };
  const terms = start && [
    start,
    ...(after.key ? primaryKey.map((column, index) => keyTerm(dialect, column, after.key?.[index])) : []),
  ];
  const conditions = [
    ...userCondition(request),
    `${dialect.quote(updateKey.name)} is not null`,
    ...(terms ? [beyond(terms)] : []),
  ];
  const sql = `select ${keys.join(', ')} from ${request.from} where ${conditions.join(' and ')} order by ${keys.join(', ')} limit 2 offset ${limit - 1}`;
  const [row, next] = (await session.query(sql, [], signal)).rows;
  if (!row || !next) return undefined;
  const [value, ...key] = columns.map((column, index) => keyText(row[index], column, streamName));
  if (value === undefined) return undefined;
  return {
    updateKey: updateKey.name,
    value,
    ...(key.length > 0 && !key.includes(undefined) ? { key: key as string[] } : {}),
  };
}

async function findEnd(
  request: WindowRequest,
  session: SqlSession,
  signal: AbortSignal,
): Promise<Watermark | undefined> {
  const lower = lowerBound(request);
  const conditions = [...userCondition(request), ...(lower ? [lower] : [])];
  const where = conditions.length > 0 ? ` where ${conditions.join(' and ')}` : '';
  const sql = `select max(${comparable(request.dialect, request.updateKey)}) from ${request.from}${where}`;
  const value = (await session.query(sql, [], signal)).rows[0]?.[0];
  const text = keyText(value, request.updateKey, request.streamName);
  return text === undefined ? undefined : { updateKey: request.updateKey.name, value: text };
}

function userCondition(request: WindowRequest): readonly string[] {
  return request.where === undefined ? [] : [`(${request.where})`];
}
