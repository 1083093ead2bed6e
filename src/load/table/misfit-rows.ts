import type { SqlDatabase } from '../../connector/connection.ts';
import { DataError } from '../../core/errors.ts';
import { castTo } from '../../sql/cast.ts';
import type { Dialect } from '../../sql/dialect.ts';
import type { Statement } from '../../sql/merge/index.ts';
import { constraintSql } from '../expression/constraint-sql.ts';
import { rowSql } from '../expression/row-sql.ts';
import { misfitPredicate } from '../../sql/value-fit.ts';
import {
  readsFiles,
  rejectsColumns,
  rejectsStatements,
  rejectsTable,
  type RejectedRows,
} from './rejected-rows.ts';
import type { StreamConfig } from '../replication/replication.ts';
import { findByName, type MappedColumn } from '../stream/column-mapping.ts';
import type { TableLoad } from './table-load.ts';

/** A way in which a row may not fit. */
interface Misfit {
  readonly column: MappedColumn;
  readonly predicate: string;
  readonly reason: string;
  readonly kind: 'cast' | 'rule';
}

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
  const possible = await possibleMisfits(database, plan.columns, stream);
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
  const total = counts.reduce((sum, { misfit, count }) => sum + (misfit ? count : 0), 0);
  if (total === 0) return { rows: 0, statements: clear, warnings };
  const unwanted = counts.filter(({ misfit }) => misfit && !(skips && misfit.kind === 'rule'));
  const counted = unwanted.reduce((sum, { count }) => sum + count, 0);
  if (counted > 0 && counted + before > stream.maxRejects) {
    const [first] = unwanted;
    throw await tooMany(load, number, misfits, counted, first?.count ?? counted);
  }
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
  const select = `select ${rejectsColumns.map(({ name }) => values[name]).join(', ')} from ${stage} as staged where ${number} > 0`;
  return {
    rows: total,
    warnings,
    statements: [
      ...rejectsStatements(load, rejectsColumns, select, clears),
      { role: 'prepare', sql: `delete from ${stage} where ${number} > 0` },
    ],
  };
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

/** In the order of the columns; a value that does not fit is not asked what else holds for it. */
async function possibleMisfits(
  database: SqlDatabase,
  columns: readonly MappedColumn[],
  stream: StreamConfig,
): Promise<readonly Misfit[]> {
  const { dialect } = database;
  const named = columns.map((column) => ({ name: column.source.name, column }));
  const asksValues = await canAskValues(database);
  const casts = columns.flatMap((column): Misfit[] => {
    if (!asksValues) return [];
    const value = staged(dialect, column);
    const from = column.computed?.type ?? column.source.type;
    const predicate = misfitPredicate(dialect, value, from, column.type);
    if (predicate === undefined || dialect.typeName(from) === dialect.typeName(column.type)) return [];
    return [{ column, predicate, reason: `does not fit ${dialect.typeName(column.type)}`, kind: 'cast' }];
  });
  const rules = Object.entries(stream.rules).flatMap(([name, { notNull, check }]): Misfit[] => {
    const column = findByName(named, name)?.column;
    if (!column) return [];
    const value = castTo(dialect, staged(dialect, column), column.type);
    const rule = (predicate: string, text: string): Misfit => ({
      column,
      predicate,
      reason: `breaks the constraint ${text}`,
      kind: 'rule',
    });
    return [
      ...(notNull ? [rule(`${value} is null`, 'not_null')] : []),
      ...(check === undefined
        ? []
        : [rule(`not (${constraintSql(dialect, check, value, column.type)})`, check)]),
    ];
  });
  return [...casts, ...rules];
}

/** PostgreSQL can tell whether a text is a value since version 16; before that its own error stops the load. */
async function canAskValues(database: SqlDatabase): Promise<boolean> {
  if (database.dialect.name !== 'postgres') return true;
  const { rows } = await database.query(`select current_setting('server_version_num')::int >= 160000`);
  return rows[0]?.[0] === true;
}

function staged(dialect: Dialect, { name, computed }: MappedColumn): string {
  return computed ? rowSql(dialect, computed) : dialect.quote(name);
}

function rowAsJson(dialect: Dialect, columns: readonly MappedColumn[]): string {
  if (dialect.name === 'postgres') return 'cast(row_to_json(staged) as text)';
  const fields = columns.map(({ name }) => `${dialect.literal(name)}, ${dialect.quote(name)}`).join(', ');
  return castTo(dialect, `json_object(${fields})`, { type: 'text' });
}

async function tooMany(
  { task, plan, database }: TableLoad,
  number: string,
  misfits: readonly Misfit[],
  total: number,
  ofFirst: number,
): Promise<DataError> {
  const { dialect } = database;
  const { maxRejects, origin } = task.stream;
  const key = await keyNames(task, plan);
  const told = plan.columns.filter(
    ({ source }) =>
      misfits.some(({ column }) => column.source.name === source.name) ||
      key.includes(source.name.toLowerCase()),
  );
  const texts = told.map(({ name }) => castTo(dialect, dialect.quote(name), { type: 'text' }));
  const { rows } = await database.query(
    `select ${[number, ...texts].join(', ')} from ${dialect.quoteTable(plan.stage)} as staged where ${number} > 0 order by 1 limit 1`,
  );
  const [index, ...values] = rows[0] ?? [];
  const first = misfits[Number(index) - 1];
  // The rest of the row may be nobody's business: messages go to logs and mails.
  const row = told
    .flatMap(({ source }, at) =>
      source.name === first?.column.source.name || key.includes(source.name.toLowerCase())
        ? [`${source.name}: ${shortText(values[at])}`]
        : [],
    )
    .join(', ');
  const name = first?.column.source.name ?? '';
  const rule = first?.reason.replace(/^breaks the constraint /, '') ?? '';
  const what =
    first?.kind === 'rule'
      ? `${ofFirst} ${ofFirst === 1 ? 'row breaks' : 'rows break'} the constraint of column '${name}': ${rule}`
      : `${total} ${total === 1 ? 'row does' : 'rows do'} not fit; the first: column '${name}' ${first?.reason ?? ''}`;
  const allowed = maxRejects === 0 ? '' : ` (max_rejects is ${maxRejects})`;
  return new DataError(`stream ${plan.stream}: ${what}, in the row of ${row}${allowed}`, {
    code: first?.kind === 'rule' ? 'constraint_violated' : 'value_misfit',
    origin,
    state: 'Nothing was published',
    next: 'Correct the rows at the source, leave them out by where:, change columns:, or raise meta.millrace.max_rejects',
  });
}

/** What tells rows apart, in lower case: the declared key, or that of the source's catalogue. */
async function keyNames(
  { stream, source }: TableLoad['task'],
  plan: TableLoad['plan'],
): Promise<readonly string[]> {
  if (stream.primaryKey.length > 0) return stream.primaryKey.map((name) => name.toLowerCase());
  if (stream.sql !== undefined) return [];
  const known = await source.source
    ?.describe({ name: plan.stream }, plan.read.options)
    .catch(() => undefined);
  return (known?.primaryKey ?? []).map((name) => name.toLowerCase());
}

const longestTold = 100;

function shortText(value: unknown): string {
  if (value === null || value === undefined) return 'NULL';
  const plain = typeof value === 'bigint' ? value.toString() : value;
  const text = typeof plain === 'string' ? plain : JSON.stringify(plain);
  return text.length > longestTold ? `'${text.slice(0, longestTold)}...'` : `'${text}'`;
}
