import { createHash } from 'node:crypto';
import type { StreamPlan } from '../plan/stream-plan.ts';
import { joined, windowRequest } from '../read/stream-bounds.ts';
import { sourceDialect } from '../plan/stream-task.ts';
import type { Watermark } from '../stream/watermark.ts';
import { openWindow } from '../stream/window.ts';
import type { TableLoad } from './table-load.ts';

/** The rows that share a watermark, as a text that changes with each of them. */
export interface WindowPrint {
  readonly text: string;
  readonly rows: number;
}

/** A window with more rows has no print: reading it is not much dearer than looking at it. */
const mostRows = 1000;
/** Where the update key of a larger table has no index, looking would read all of it. */
const mostTableRows = 1_000_000;

/**
 * A print of what the next reading begins with, taken before this one: what comes or changes after it makes the next
 * print another one. Undefined when it would cost more than it saves.
 */
export async function windowPrint(
  { task, plan, context }: Pick<TableLoad, 'task' | 'plan' | 'context'>,
  watermark: Watermark,
): Promise<WindowPrint | undefined> {
  const { along, columns, limit, where, from } = plan.read;
  const { database } = task.source;
  const isLarge = (plan.estimatedRows ?? 0) > mostTableRows;
  if (!along || !database || along.range || limit !== undefined || watermark.key) return undefined;
  if (isLarge && !isSameMark(plan.watermarkBefore, watermark)) return undefined;
  const piece = { end: watermark, continues: false };
  const request = { ...windowRequest(task, plan), after: watermark, piece };
  const window = await openWindow(request, database, context.signal);
  const list = columns.map((name) => sourceDialect(task.source).quote(name)).join(', ');
  const condition = joined(where, window.where);
  const { rows } = await database.query(
    `select ${list} from ${from} where ${condition} limit ${mostRows + 1}`,
    [],
    context.signal,
  );
  if (rows.length > mostRows) return undefined;
  const hash = createHash('sha256').update(JSON.stringify([plan.definition, watermark.value]));
  for (const text of rows.map(rowText).sort()) hash.update(text);
  return { text: hash.digest('hex'), rows: rows.length };
}

/** True when the target holds just these rows, and the load would do nothing else. */
export function isAtRest({ plan, task }: TableLoad, print: WindowPrint, watermark: Watermark): boolean {
  const { stream } = task;
  const { hooks, target } = stream;
  return (
    plan.heldPrint === print.text &&
    isSameMark(plan.watermarkBefore, watermark) &&
    !plan.replaces &&
    plan.unfinished === undefined &&
    plan.publication?.schemaChanges.length === 0 &&
    target.deleteMissing === undefined &&
    [target.preSql, target.postSql, hooks.pre_merge ?? [], hooks.post_merge ?? []].every(
      ({ length }) => length === 0,
    )
  );
}

function isSameMark(one: StreamPlan['watermarkBefore'], other: Watermark): boolean {
  return one?.updateKey === other.updateKey && one.value === other.value;
}

function rowText(row: readonly unknown[]): string {
  return `${JSON.stringify(row, (_key, value: unknown) => {
    if (typeof value === 'bigint') return `${value}n`;
    if (typeof value === 'number' && (!Number.isFinite(value) || Object.is(value, -0)))
      return Object.is(value, -0) ? '-0' : `${value}`;
    return value instanceof Uint8Array ? Buffer.from(value).toString('hex') : value;
  })}\n`;
}
