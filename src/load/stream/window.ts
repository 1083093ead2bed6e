import type { SqlSession } from '../../connector/connection.ts';
import type { Column } from '../../sql/data-type.ts';
import type { Dialect } from '../../sql/dialect.ts';
import type { UpdateRange } from '../replication/update-range.ts';
import { comparable, keyLiteral, keyText } from './key-value.ts';
import { beyond, findBoundary, keyTerms, upTo } from './keyset.ts';
import { earlierLiteral, secondsAgo } from './source-time.ts';
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
  /** Most rows that fit `where`. */
  readonly limit?: number;
  /** Rows younger than this wait for a later run, because transactions may still bring others beside them. */
  readonly settleDelaySeconds?: number;
  /** Rows this much older than `after` are read again. */
  readonly lookbackSeconds?: number;
  /** The stretch that is read, instead of what is beyond `after`. */
  readonly range?: UpdateRange;
  /** Set when this run reads in pieces. */
  readonly piece?: WindowPiece;
}

/** One piece of a run that reads in several. */
export interface WindowPiece {
  /** Most rows, whether they fit the user's predicate or not: that is what takes time. */
  readonly rows?: number;
  /** Last value of the update key in this piece. */
  readonly upTo?: string;
  /** Where the whole run ends, settled before its first piece. */
  readonly end?: Watermark;
  /** True when this run itself has read all up to `after`. */
  readonly continues: boolean;
}

/** A bounded piece of the stream. */
export interface ReadWindow {
  /** Predicate on the source; the user's own is not in it. */
  readonly where: string;
  /** What holds once those rows are published; absent when the stream has no update key values. */
  readonly watermark?: Watermark;
  /** True when this run has no more to read. */
  readonly isLast: boolean;
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
  const cut = await findCut(request, session, signal);
  const end = cut ?? request.piece?.end ?? (await findEnd(request, session, signal));
  const watermark = end ?? request.after;
  const nulls =
    request.updateKey.nullable &&
    request.range === undefined &&
    (request.primaryKey.length > 0 ? !cut : request.after === undefined);
  const bounded = watermark && bounds(request, watermark);
  const isNull = `${request.dialect.quote(request.updateKey.name)} is null`;
  const where = [...(bounded ? [bounded] : []), ...(nulls ? [isNull] : [])].join(' or ');
  return {
    where: where === '' ? '1 = 0' : where,
    ...(watermark ? { watermark } : {}),
    isLast: !request.piece || cut === undefined,
  };
}

/** `update_key >= lower bound`, as SQL; undefined for a first load. */
export function lowerBound(
  request: Pick<WindowRequest, 'dialect' | 'updateKey' | 'after' | 'lookbackSeconds' | 'range'>,
): string | undefined {
  const { dialect, updateKey, after, lookbackSeconds = 0, range } = request;
  if (range) return rangeBound(request, range.from, '>=');
  if (!after) return undefined;
  const bound =
    lookbackSeconds > 0
      ? earlierLiteral(dialect, updateKey, after.value, lookbackSeconds)
      : keyLiteral(dialect, updateKey, after.value);
  return `${comparable(dialect, updateKey)} >= ${bound}`;
}

/** `update_key <= end of the range`, or `<`; undefined without one. */
export function upperBound(
  request: Pick<WindowRequest, 'dialect' | 'updateKey' | 'range'>,
): string | undefined {
  const { to, before } = request.range ?? {};
  return before === undefined ? rangeBound(request, to, '<=') : rangeBound(request, before, '<');
}

function rangeBound(
  { dialect, updateKey }: Pick<WindowRequest, 'dialect' | 'updateKey'>,
  value: string | undefined,
  operator: '>=' | '<=' | '<',
): string | undefined {
  if (value === undefined) return undefined;
  return `${comparable(dialect, updateKey)} ${operator} ${keyLiteral(dialect, updateKey, value)}`;
}

/** `update_key <= what is old enough`; undefined when nothing has to settle. */
export function settledBound(
  request: Pick<WindowRequest, 'dialect' | 'updateKey' | 'settleDelaySeconds'>,
): string | undefined {
  const { dialect, updateKey, settleDelaySeconds = 0 } = request;
  if (settleDelaySeconds === 0) return undefined;
  return `${comparable(dialect, updateKey)} <= ${secondsAgo(dialect, updateKey, settleDelaySeconds)}`;
}

/** The greatest value of the update key that this run reads; undefined when there is none to read. */
export async function findEnd(
  request: WindowRequest,
  session: SqlSession,
  signal: AbortSignal,
): Promise<Watermark | undefined> {
  const conditions = present([
    userCondition(request),
    lowerBound(request),
    upperBound(request),
    settledBound(request),
  ]);
  const where = conditions.length > 0 ? ` where ${conditions.join(' and ')}` : '';
  const sql = `select max(${comparable(request.dialect, request.updateKey)}) from ${request.from}${where}`;
  const value = (await session.query(sql, [], signal)).rows[0]?.[0];
  const text = keyText(value, request.updateKey, request.streamName);
  return text === undefined ? undefined : { updateKey: request.updateKey.name, value: text };
}

function bounds(request: WindowRequest, watermark: Watermark): string {
  const { dialect, updateKey, primaryKey, after, piece } = request;
  const lower =
    piece?.continues && after ? beyond(dialect, positionTerms(request, after)) : lowerBound(request);
  const upper = upTo(
    dialect,
    keyTerms(dialect, [updateKey, ...primaryKey], [watermark.value, ...(watermark.key ?? [])]),
  );
  return `(${present([lower, upper]).join(' and ')})`;
}

/** The row at which the limit cuts the stream; undefined when the limit reaches beyond its end. */
async function findCut(
  request: WindowRequest,
  session: SqlSession,
  signal: AbortSignal,
): Promise<Watermark | undefined> {
  const { dialect, updateKey, primaryKey, after, piece, limit } = request;
  if (piece?.upTo !== undefined) return { updateKey: updateKey.name, value: piece.upTo };
  const rows = piece?.rows ?? limit;
  if (rows === undefined) return undefined;
  const end = piece?.end && upTo(dialect, keyTerms(dialect, [updateKey], [piece.end.value]));
  const found = await findBoundary(
    {
      streamName: request.streamName,
      dialect,
      from: request.from,
      conditions: present([
        piece ? undefined : userCondition(request),
        `${dialect.quote(updateKey.name)} is not null`,
        after ? beyond(dialect, positionTerms(request, after)) : lowerBound(request),
        upperBound(request),
        end ?? settledBound(request),
      ]),
      key: [updateKey, ...primaryKey],
      rows,
    },
    session,
    signal,
  );
  const [value, ...key] = found ?? [];
  const reachesEnd = primaryKey.length === 0 && value === piece?.end?.value;
  if (value === undefined || reachesEnd) return undefined;
  return { updateKey: updateKey.name, value, ...(key.length > 0 ? { key } : {}) };
}

function positionTerms(request: WindowRequest, { value, key = [] }: Watermark): ReturnType<typeof keyTerms> {
  return keyTerms(request.dialect, [request.updateKey, ...request.primaryKey], [value, ...key]);
}

function userCondition(request: WindowRequest): string | undefined {
  return request.where === undefined ? undefined : `(${request.where})`;
}

function present(conditions: readonly (string | undefined)[]): readonly string[] {
  return conditions.filter((condition) => condition !== undefined);
}
