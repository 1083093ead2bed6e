import type { Connection } from '../../connector/connection.ts';
import { DataError } from '../../core/errors.ts';
import type { Column } from '../../sql/data-type.ts';
import type { TableName } from '../../sql/dialect.ts';
import { dropTable, type Statement } from '../../sql/merge/index.ts';
import { isPlain } from '../plan/plain-source.ts';
import type { MappedColumn } from '../stream/column-mapping.ts';
import { fillStage } from '../read/stage-fill.ts';
import { stagePart } from '../stream/stage-name.ts';
import type { TableLoad } from './table-load.ts';

/** Rows that were left out, and the statements that keep them beside the target. */
export interface RejectedRows {
  readonly rows: number;
  readonly statements: readonly Statement[];
  /** What was found and let pass. */
  readonly warnings?: readonly string[];
}

/** True if the source itself leaves out the rows that do not fit, and tells them apart. */
export function readsFiles(source: Connection): boolean {
  return source.database === undefined && !isPlain(source);
}

/** Below the numbers of chunks, which count from 1, and of keys. */
const rejectsPart = -1;

/** Where rows that do not fit go: `<table>__rejects`, which holds those of the last load. */
export function rejectsTable({ schema, name }: TableName): TableName {
  return { schema, name: `${name}__rejects` };
}

/**
 * Reads the rows that the stage left out.
 * @throws DataError code `too_many_rejects` with the place of the first one
 */
export async function stageRejects(load: TableLoad): Promise<RejectedRows> {
  const { task, plan, database, context } = load;
  const { maxRejects } = task.stream;
  if (maxRejects === 0 || !task.source.source || !readsFiles(task.source)) return { rows: 0, statements: [] };
  const { dialect } = database;
  const options = { ...plan.read.options, rejects: 'only' };
  const { columns } = await task.source.source.describe({ name: plan.stream }, options);
  const stage = stagePart(task.object, dialect, task.idempotencyKey, rejectsPart);
  const { rows } = await fillStage(
    task,
    {
      ...plan,
      columns: columns.map((column) => plainColumn(column)),
      read: { ...plan.read, options, columns: columns.map((column) => column.name) },
    },
    { stage },
    context,
  );
  const list = columns.map((column) => dialect.quote(column.name)).join(', ');
  const staged = dialect.quoteTable(stage);
  if (rows > maxRejects) {
    const first = await database.query(`select ${list} from ${staged} order by 1, 2 limit 1`);
    await database.execute(dropTable(dialect, stage).sql);
    const [file, line, column, value, reason] = (first.rows[0] ?? []).map(String);
    throw new DataError(
      `stream ${plan.stream}: ${rows} rows do not fit, and max_rejects is ${maxRejects}; the first: ${file}, line ${line}, column ${column}: '${value}' ${reason}`,
      {
        code: 'too_many_rejects',
        origin: task.stream.origin,
        state: 'Nothing was published',
        next: 'Correct the rows, declare another type under columns:, or raise meta.millrace.max_rejects',
      },
    );
  }
  const select = `select ${list} from ${staged}`;
  return { rows, statements: [...rejectsStatements(load, columns, select, true), dropTable(dialect, stage)] };
}

/** What the table of rejects holds of each row, beside its stream and the time. */
export const rejectsColumns: readonly Column[] = ['file', 'line', 'column', 'value', 'reason', 'row'].map(
  (name) => ({ name, type: { type: name === 'line' ? 'int64' : 'text' }, nullable: true }),
);

/**
 * Adds rows to the table of rejects.
 * @param columns of the rows that `select` gives, by these names
 * @param clears true when what the last load of the stream left there goes
 */
export function rejectsStatements(
  { task, plan, database: { dialect } }: TableLoad,
  columns: readonly Column[],
  select: string,
  clears: boolean,
): readonly Statement[] {
  const list = columns.map((column) => dialect.quote(column.name)).join(', ');
  const table = dialect.quoteTable(rejectsTable(task.object));
  const definitions = [
    `stream ${dialect.typeName({ type: 'text' })}`,
    ...columns.map((column) => dialect.columnDefinition({ ...column, nullable: true })),
    `rejected_at ${dialect.typeName({ type: 'timestamptz' })}`,
  ];
  const stream = dialect.literal(plan.stream);
  return [
    {
      role: 'prepare',
      turn: 'before',
      sql: `create table if not exists ${table} (${definitions.join(', ')})`,
    },
    ...(clears ? [{ role: 'prepare' as const, sql: `delete from ${table} where stream = ${stream}` }] : []),
    {
      role: 'prepare',
      sql: `insert into ${table} (stream, ${list}, rejected_at) select ${stream}, ${list}, current_timestamp from (${select}) as rejected`,
    },
  ];
}

function plainColumn(source: Column): MappedColumn {
  return { source, name: source.name, type: source.type };
}
