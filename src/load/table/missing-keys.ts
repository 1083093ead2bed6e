import {
  deleteMissingRows,
  dropTable,
  markMissingRows,
  type MissingMark,
  type Statement,
  type StatementTurn,
} from '../../sql/merge/index.ts';
import { currentInstant } from '../../sql/clock.ts';
import type { Dialect } from '../../sql/dialect.ts';
import { fillStage } from '../read/stage-fill.ts';
import { sourceDialect } from '../plan/stream-task.ts';
import { syncedAt, syncedOp } from '../stream/constant-columns.ts';
import { stagePart } from '../stream/stage-name.ts';
import { fillQuery } from '../stream/stream-sql.ts';
import type { TableLoad } from './table-load.ts';

/** Parts count from 1, so that this one is free. */
const keysPart = 0;

const deletedAt = '_sling_deleted_at';

/**
 * Reads every key of the source beside the stage, and gives the statements that take away or mark what the
 * target holds beyond them. Keys are read after the rows: a row that came in between is only a key too many.
 */
export async function missingStatements(load: TableLoad): Promise<readonly Statement[]> {
  const { task, plan, database, context } = load;
  const missing = task.stream.target.deleteMissing;
  if (!missing) return [];
  const { dialect } = database;
  const keys = stagePart(task.object, dialect, task.idempotencyKey, keysPart);
  const key = plan.columns.filter((column) => plan.mergeKey.includes(column.name));
  const where = [plan.read.where, missing.sourceWhere].filter((one) => one !== undefined);
  const { sql } = task.stream;
  const everything = {
    ...plan,
    columns: key,
    read: {
      ...plan.read,
      columns: key.map((column) => column.source.name),
      ...(sql === undefined ? {} : { sql: fillQuery(sql, task.stream, sourceDialect(task.source)) }),
    },
  };
  await fillStage(
    task,
    everything,
    {
      ...(where.length === 0 ? {} : { where: where.map((one) => `(${one})`).join(' and ') }),
      stage: keys,
    },
    context,
  );
  const rows = {
    target: task.object,
    keys,
    key: key.map(({ name, type, source }) => {
      const [staged, held] = [dialect.typeName(source.type), dialect.typeName(type)];
      return staged === held ? { name } : { name, castTo: type };
    }),
    ...(missing.targetWhere === undefined ? {} : { where: missing.targetWhere }),
  };
  const statements =
    missing.type === 'hard'
      ? deleteMissingRows(dialect, rows)
      : task.stream.metadata.includes('synced_at')
        ? markMissingRows(dialect, rows, syncedMark(dialect))
        : [...(await addition(load)), ...markMissingRows(dialect, rows, timeMark(dialect))];
  return [...statements, dropTable(dialect, keys)];
}

/** The time since when a row is missing. */
function timeMark(dialect: Dialect): MissingMark {
  const mark = dialect.quote(deletedAt);
  return {
    isMarked: `t.${mark} is not null`,
    set: `${mark} = ${currentInstant(dialect)}`,
    unset: `${mark} = null`,
  };
}

/** The column that says what was done to a row last, which every load of the stream brings along. */
function syncedMark(dialect: Dialect): MissingMark {
  const [op, at] = [dialect.quote(syncedOp), dialect.quote(syncedAt)];
  const now = currentInstant(dialect);
  return {
    isMarked: `coalesce(t.${op}, '') = 'D'`,
    set: `${op} = 'D', ${at} = ${now}`,
    unset: `${op} = 'U', ${at} = ${now}`,
  };
}

/** Adds the mark's column: to a table that takes the target's place, once it is there. */
async function addition({ task, plan, database }: TableLoad): Promise<readonly Statement[]> {
  const { dialect } = database;
  const add = (turn: StatementTurn): readonly Statement[] => {
    const definition = `${dialect.quote(deletedAt)} ${dialect.typeName({ type: 'timestamptz' })}`;
    const sql = `alter table ${dialect.quoteTable(task.object)} add column ${definition}`;
    return [{ role: 'schema', turn, sql }];
  };
  const held = await database.describe(task.object);
  if (plan.publication?.rebuilds || !held) return add('placed');
  return held.columns.some((column) => column.name === deletedAt) ? [] : add('before');
}
