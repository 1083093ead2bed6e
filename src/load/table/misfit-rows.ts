import { castTo } from '../../sql/cast.ts';
import type { Dialect, TableName } from '../../sql/dialect.ts';
import { createTable, dropTable, type Statement } from '../../sql/merge/index.ts';
import { possibleMisfits, type Misfit } from './misfit.ts';
import { misfitError } from './misfit-error.ts';
import {
  readsFiles,
  rejectsColumns,
  rejectsStatements,
  rejectsTable,
  type RejectedRows,
} from './rejected-rows.ts';
import type { MappedColumn } from '../stream/column-mapping.ts';
import { besideStage } from '../stream/stage-name.ts';
import type { TableLoad } from './table-load.ts';

/**
 * Finds the staged rows that the target's columns cannot hold, or that break what `columns:` says. Up to
 * `max_rejects` of them go into the table of rejects, in the transaction that publishes the others.
 * @param before rows that this load has rejected already
 * @param isFirst false for chunks that come after another
 * @throws DataError code `value_misfit` or `constraint_violated` with the first row
 */
export async function misfitRows(load: TableLoad, before: number, isFirst: boolean): Promise<RejectedRows> {
  const { task, plan, database } = load;
  const { dialect } = database;
  const { stream } = task;
  const possible = await possibleMisfits(load);
  const misfits = possible.filter(({ kind }) => kind === 'cast' || stream.onConstraintFailure !== 'warn');
  const warnings = await brokenButLoaded(load, possible);
  const skips = stream.onConstraintFailure === 'skip' && possible.some(({ kind }) => kind === 'rule');
  const isCleared = readsFiles(task.source) && stream.maxRejects > 0;
  const clears = (stream.maxRejects > 0 || skips) && isFirst && !isCleared;
  const held = clears && (await database.describe(rejectsTable(task.object)));
  const clear: readonly Statement[] = held ? [clearStatement(load)] : [];
  if (misfits.length === 0) return { rows: 0, statements: clear, warnings };
  const cases = misfits.map(({ predicate }, index) => `when ${predicate} then ${index + 1}`);
  const number = `(case ${cases.join(' ')} else 0 end)`;
  const stage = dialect.quoteTable(plan.stage);
  const { rows } = await database.query(`select ${number}, count(*) from ${stage} group by 1 order by 1`);
  const counts = rows.map(([index, count]) => ({ misfit: misfits[Number(index) - 1], count: Number(count) }));
  const found = counts.reduce((sum, { misfit, count }) => sum + (misfit ? count : 0), 0);
  const unwanted = counts.filter(({ misfit }) => misfit && !(skips && misfit.kind === 'rule'));
  const counted = unwanted.reduce((sum, { count }) => sum + count, 0);
  if (counted > 0 && counted + before > stream.maxRejects) {
    const [first] = unwanted;
    throw await misfitError(load, number, misfits, counted, first?.count ?? counted);
  }
  const select = misfitSelect(load, misfits, number);
  if (!dialect.ddlCommits) {
    if (found === 0) return { rows: 0, statements: clear, warnings };
    const statements: readonly Statement[] = [
      ...rejectsStatements(load, rejectsColumns, select, clears),
      { role: 'prepare', sql: `delete from ${stage} where ${number} > 0` },
    ];
    return { rows: found, statements, warnings };
  }
  const total = await setAside(load, select, `${number} > 0`, found);
  if (total === 0) return { rows: 0, statements: clear, warnings };
  const aside = misfitsAside(plan.stage);
  const list = rejectsColumns.map(({ name }) => dialect.quote(name)).join(', ');
  const fromAside = `select ${list} from ${dialect.quoteTable(aside)}`;
  return {
    rows: total,
    statements: [...rejectsStatements(load, rejectsColumns, fromAside, clears), dropTable(dialect, aside)],
    warnings,
  };
}

/** Where misfits wait that were taken out of a stage before it is published. */
export function misfitsAside(stage: TableName): TableName {
  return besideStage(stage, 'misfits');
}

/**
 * Where a stage may become the table before the transaction, misfits are moved out of it first, into a table that
 * stays as long as the stage does.
 * @returns rows in that table, with those of an earlier attempt at this stage
 */
async function setAside(
  { plan, database }: TableLoad,
  select: string,
  isMisfit: string,
  found: number,
): Promise<number> {
  const { dialect } = database;
  const aside = misfitsAside(plan.stage);
  const isThere = (await database.describe(aside)) !== undefined;
  if (found === 0 && !isThere) return 0;
  if (!isThere) await database.execute(createTable(dialect, aside, rejectsColumns).sql);
  const table = dialect.quoteTable(aside);
  await database.transaction(async (session) => {
    // Without `ignore` a cast that fails within the condition would fail the statement.
    await session.execute(`insert ignore into ${table} ${select}`);
    await session.execute(`delete ignore from ${dialect.quoteTable(plan.stage)} where ${isMisfit}`);
  });
  const { rows } = await database.query(`select count(*) from ${table}`);
  return Number(rows[0]?.[0]);
}

/** The misfits of the stage as the table of rejects has them. */
function misfitSelect({ plan, database }: TableLoad, misfits: readonly Misfit[], number: string): string {
  const { dialect } = database;
  const pick = (of: (misfit: Misfit) => string): string =>
    `(case ${number} ${misfits.map((misfit, index) => `when ${index + 1} then ${of(misfit)}`).join(' ')} end)`;
  const values: Readonly<Record<string, string>> = {
    file: castTo(dialect, 'null', { type: 'text' }),
    line: castTo(dialect, 'null', { type: 'int64' }),
    column: pick(({ column }) => dialect.literal(column.source.name)),
    value: pick(({ column }) => castTo(dialect, dialect.quote(column.name), { type: 'text' })),
    reason: pick(({ reason }) => dialect.literal(reason)),
    row: rowAsJson(dialect, plan.columns),
  };
  const list = rejectsColumns.map(({ name }) => `${values[name]} as ${dialect.quote(name)}`).join(', ');
  return `select ${list} from ${dialect.quoteTable(plan.stage)} as staged where ${number} > 0`;
}

/** With `warn` rows that break a constraint are loaded all the same, and told. */
async function brokenButLoaded(
  { task, plan, database, context }: TableLoad,
  possible: readonly Misfit[],
): Promise<readonly string[]> {
  if (task.stream.onConstraintFailure !== 'warn') return [];
  const warnings: string[] = [];
  for (const { column, predicate, reason, kind } of possible) {
    if (kind !== 'rule') continue;
    const stage = database.dialect.quoteTable(plan.stage);
    const { rows } = await database.query(`select count(*) from ${stage} where ${predicate}`);
    const count = Number(rows[0]?.[0]);
    if (count === 0) continue;
    const what = `${count} ${count === 1 ? 'row' : 'rows'} of column '${column.source.name}'`;
    warnings.push(`${plan.stream}: ${what}: ${reason}; loaded all the same`);
  }
  for (const warning of warnings) context.log(warning, 'warn');
  return warnings;
}

function clearStatement({ task, plan, database: { dialect } }: TableLoad): Statement {
  const table = dialect.quoteTable(rejectsTable(task.object));
  return { role: 'prepare', sql: `delete from ${table} where stream = ${dialect.literal(plan.stream)}` };
}

function rowAsJson(dialect: Dialect, columns: readonly MappedColumn[]): string {
  if (dialect.name === 'postgres') return 'cast(row_to_json(staged) as text)';
  const fields = columns
    .map(({ name, source: { type } }) => {
      const value = dialect.quote(name);
      const isBytes = dialect.name === 'sqlite' && type.type === 'bytes';
      return `${dialect.literal(name)}, ${isBytes ? `lower(hex(${value}))` : value}`;
    })
    .join(', ');
  return castTo(dialect, `json_object(${fields})`, { type: 'text' });
}
