import type { ReadAfter } from '../../connector/connection.ts';
import { DataError } from '../../core/errors.ts';
import type { StreamPlan } from '../plan/stream-plan.ts';
import { dropBeyondBounds, isPlain, plainReading } from '../plan/plain-source.ts';
import { sourceDialect, type StreamTask } from '../plan/stream-task.ts';
import { keyText } from '../stream/key-value.ts';
import {
  lowerBound,
  openWindow,
  settledBound,
  upperBound,
  type WindowPiece,
  type WindowRequest,
} from '../stream/window.ts';
import type { Watermark } from '../stream/watermark.ts';

/** What is read, now that its bounds are known. */
export interface SettledRead {
  readonly where?: string;
  readonly limit?: number;
  /** Only for sources without predicates. */
  readonly after?: ReadAfter;
  readonly watermark?: Watermark;
  /** False when more of the stream is to be read by this run. */
  readonly isLast: boolean;
  readonly warnings: readonly string[];
}

/** What is published, now that the stage is full. */
export interface SettledStage {
  readonly watermark?: Watermark;
  /** Staged rows that are not published. */
  readonly rowsLeftOut: number;
  readonly warnings: readonly string[];
}

/** Settles predicate, limit and (for databases) the watermark that will hold afterwards. */
export async function settleBeforeRead(
  task: StreamTask,
  plan: StreamPlan,
  signal: AbortSignal,
  piece?: WindowPiece,
): Promise<SettledRead> {
  const { read } = plan;
  const { along } = read;
  if (isPlain(task.source)) return { ...(await plainReading(task, plan)), isLast: true, warnings: [] };
  if (!along) {
    return {
      ...(read.where === undefined ? {} : { where: `(${read.where})` }),
      ...(read.limit === undefined ? {} : { limit: read.limit }),
      isLast: true,
      warnings: [],
    };
  }
  const request = windowRequest(task, plan);
  const { database } = task.source;
  if (!database) return { where: joined(read.where, fileBounds(request)), isLast: true, warnings: [] };
  const window = await openWindow({ ...request, ...(piece ? { piece } : {}) }, database, signal);
  return {
    where: joined(read.where, window.where),
    ...(window.watermark ? { watermark: window.watermark } : {}),
    isLast: window.isLast,
    warnings: piece?.continues ? [] : await missedNulls(task, plan, request, signal),
  };
}

/**
 * Refuses rows without an update key where the stream says so. Those of files are found in the stage.
 * @throws DataError code `update_key_null` with their number
 */
export async function refuseNullKeys(
  task: StreamTask,
  { stream, read }: StreamPlan,
  signal: AbortSignal,
): Promise<void> {
  const { along, where, from } = read;
  const { database } = task.source;
  if (task.stream.nullUpdateKey !== 'fail' || !along?.updateKey.nullable || !database) return;
  const isNull = `${database.dialect.quote(along.updateKey.name)} is null`;
  const condition = where === undefined ? isNull : `(${where}) and ${isNull}`;
  const { rows } = await database.query(`select count(*) from ${from} where ${condition}`, [], signal);
  const count = Number(rows[0]?.[0] ?? 0);
  if (count > 0) throw nullKeys(task, stream, along.updateKey.name, count);
}

function nullKeys({ stream }: StreamTask, name: string, updateKey: string, count: number): DataError {
  return new DataError(
    `stream ${name}: ${count} ${count === 1 ? 'row has' : 'rows have'} NULL in the update_key ${updateKey}`,
    {
      code: 'update_key_null',
      origin: stream.origin,
      state: 'Nothing was published',
      next: 'Correct the rows at the source, or set meta.millrace.null_update_key to read or skip',
    },
  );
}

/** A reading along an update key, as the window needs it. */
export function windowRequest(
  task: StreamTask,
  { stream, read }: Pick<StreamPlan, 'stream' | 'read'>,
): WindowRequest {
  const { along } = read;
  if (!along) throw new Error(`${stream} is not read along an update key`);
  return {
    streamName: stream,
    dialect: sourceDialect(task.source),
    from: read.from,
    ...(read.where === undefined ? {} : { where: read.where }),
    ...along,
    ...(read.limit === undefined ? {} : { limit: read.limit }),
  };
}

/** Files cannot be asked beforehand: their watermark is read off the stage. */
export async function settleAfterStage(
  task: StreamTask,
  plan: StreamPlan,
  bounds: SettledRead,
): Promise<SettledStage> {
  const { along } = plan.read;
  const { database } = task.target;
  const kept = bounds.watermark ? { watermark: bounds.watermark } : {};
  if (!along || task.source.database || !database || plan.updateKey === undefined)
    return { ...kept, rowsLeftOut: 0, warnings: [] };

  const { dialect } = database;
  const stage = dialect.quoteTable(plan.stage);
  const column = dialect.quote(plan.updateKey);
  let rowsLeftOut = 0;
  if (task.stream.nullUpdateKey === 'fail') {
    const nulls = await database.query(`select count(*) from ${stage} where ${column} is null`);
    const count = Number(nulls.rows[0]?.[0] ?? 0);
    if (count > 0) throw nullKeys(task, plan.stream, plan.updateKey, count);
  }
  const beyond = isPlain(task.source)
    ? await dropBeyondBounds(along, { ...along.updateKey, name: plan.updateKey }, stage, database)
    : 0;
  if (along.after && along.primaryKey.length === 0)
    rowsLeftOut = await database.execute(`delete from ${stage} where ${column} is null`);
  const { rows } = await database.query(`select max(${column}) from ${stage}`);
  const value = keyText(rows[0]?.[0], along.updateKey, plan.stream);
  const watermark = value === undefined ? along.after : { updateKey: along.updateKey.name, value };
  return {
    ...(watermark ? { watermark } : {}),
    rowsLeftOut: beyond + rowsLeftOut,
    warnings: rowsLeftOut === 0 ? [] : [nullWarning(plan, rowsLeftOut)],
  };
}

function fileBounds(request: WindowRequest): string {
  const bounds = [lowerBound(request), upperBound(request), settledBound(request)];
  const conditions = bounds.filter((bound) => bound !== undefined);
  if (conditions.length === 0) return '1 = 1';
  if (request.range) return conditions.join(' and ');
  return `${conditions.join(' and ')} or ${request.dialect.quote(request.updateKey.name)} is null`;
}

/** Both of two predicates. */
export function joined(where: string | undefined, bounds: string): string {
  return where === undefined ? bounds : `(${where}) and (${bounds})`;
}

/** Without a primary key, rows that got no update key since the first load cannot be told from old ones. */
async function missedNulls(
  task: StreamTask,
  plan: StreamPlan,
  request: WindowRequest,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const { updateKey, primaryKey, after, where, dialect } = request;
  const target = task.target.database;
  if (
    request.range ||
    !updateKey.nullable ||
    primaryKey.length > 0 ||
    !after ||
    !target ||
    plan.updateKey === undefined
  )
    return [];
  const isNull = `${dialect.quote(updateKey.name)} is null`;
  const condition = where === undefined ? isNull : `(${where}) and ${isNull}`;
  const source = await task.source.database?.query(
    `select count(*) from ${request.from} where ${condition}`,
    [],
    signal,
  );
  const held = await target.query(
    `select count(*) from ${target.dialect.quoteTable(task.object)} where ${target.dialect.quote(plan.updateKey)} is null`,
  );
  const missed = Number(source?.rows[0]?.[0] ?? 0) - Number(held.rows[0]?.[0] ?? 0);
  return missed > 0 ? [nullWarning(plan, missed)] : [];
}

function nullWarning(plan: StreamPlan, count: number): string {
  return `${plan.stream}: ${count} rows have NULL in the update_key ${plan.updateKey ?? ''} and are not loaded; add a primary_key to load them, or use --full-refresh`;
}
