import type { SqlDatabase, SqlSession } from '../../connector/connection.ts';
import { TransientError } from '../../core/errors.ts';
import type { TableName } from '../../sql/dialect.ts';
import { createTable, dropTable } from '../../sql/merge/index.ts';
import { bookkeepingTable } from './bookkeeping.ts';
import { ensureSchema } from './stage-table.ts';

/**
 * A new table on its way to the target's place where definitions cannot be rolled back. One `rename table` moves
 * both tables at once, but not together with the watermark. So a row that says how to undo the renaming is written
 * before it, and deleted in the transaction that writes the watermark: whoever finds that row finds a load that did
 * not finish, and puts the old table back.
 */
export interface TableSwap {
  readonly target: TableName;
  /** The full table that takes the place. */
  readonly next: TableName;
  /** Name of the old table while it is kept. It is there exactly if the renaming has happened. */
  readonly held: TableName;
  /** Name of an empty table that stands for the old one where there was none. */
  readonly marker: TableName;
  readonly existed: boolean;
}

const columns = ['target_schema', 'target_table', 'next', 'held', 'marker'] as const;

/** Renames, after leaving word of how to undo it. */
export async function placeTable(database: SqlDatabase, swap: TableSwap): Promise<void> {
  const { dialect } = database;
  if (!swap.existed) {
    await database.execute(dropTable(dialect, swap.marker).sql);
    const column = { name: 'nothing', type: { type: 'int32' }, nullable: true } as const;
    await database.execute(createTable(dialect, swap.marker, [column]).sql);
  }
  const values = [swap.target.schema, swap.target.name, swap.next.name, swap.held.name];
  const marks = columns.map((_, index) => dialect.parameter(index + 1));
  await database.execute(
    `insert into ${swapsTable(database)} (${columns.join(', ')}) values (${marks.join(', ')})`,
    [...values, swap.existed ? null : swap.marker.name],
  );
  await database.execute(renaming(database, [replaced(swap), swap.held], [swap.next, swap.target]));
}

/**
 * Makes the swap final; call it in the transaction that writes the watermark.
 * @throws TransientError code `swap_undone` when another load has undone it
 */
export async function sealSwap(database: SqlDatabase, session: SqlSession, swap: TableSwap): Promise<void> {
  const { dialect } = database;
  const sql = `delete from ${swapsTable(database)} where target_schema = ${dialect.parameter(1)} and target_table = ${dialect.parameter(2)} and held = ${dialect.parameter(3)}`;
  const rows = await session.execute(sql, [swap.target.schema, swap.target.name, swap.held.name]);
  if (rows === 1) return;
  throw new TransientError(`another load has put the old ${swap.target.name} back`, {
    code: 'swap_undone',
    state: 'Nothing was published; the target is as it was',
  });
}

/** Puts the old table back, if the renaming has happened, and forgets the swap. */
export async function undoSwap(database: SqlDatabase, swap: TableSwap): Promise<void> {
  if (await database.describe(swap.held))
    await database.execute(renaming(database, [swap.target, swap.next], [swap.held, replaced(swap)]));
  await sealSwap(database, database, swap);
}

/**
 * Undoes what a load that was stopped has left half done. Call it before anything is read of the target.
 * @returns how many swaps were undone
 */
export async function recoverSwaps(database: SqlDatabase, target: TableName): Promise<number> {
  const { dialect } = database;
  if (!dialect.ddlCommits || !(await database.describe(bookkeepingTable(dialect, 'swaps')))) return 0;
  const { rows } = await database.query(
    `select next, held, marker from ${swapsTable(database)} where target_schema = ${dialect.parameter(1)} and target_table = ${dialect.parameter(2)}`,
    [target.schema, target.name],
  );
  for (const [next, held, marker] of rows) {
    const named = (name: unknown): TableName => ({ schema: target.schema, name: String(name) });
    const existed = marker === null;
    await undoSwap(database, {
      target,
      next: named(next),
      held: named(held),
      marker: named(marker),
      existed,
    });
  }
  return rows.length;
}

/** Creates the table of swaps when it is missing. */
export async function prepareSwaps(database: SqlDatabase): Promise<void> {
  const { dialect } = database;
  const table = bookkeepingTable(dialect, 'swaps');
  if (!dialect.ddlCommits || (await database.describe(table))) return;
  await ensureSchema(database, table.schema);
  const definitions = columns.map((name) => ({ name, type: { type: 'text' }, nullable: true }) as const);
  try {
    await database.execute(createTable(dialect, table, definitions).sql);
  } catch (error) {
    if (!(await database.describe(table))) throw error;
  }
}

function replaced({ existed, target, marker }: TableSwap): TableName {
  return existed ? target : marker;
}

function renaming({ dialect }: SqlDatabase, ...pairs: readonly (readonly [TableName, TableName])[]): string {
  const list = pairs.map(([from, to]) => `${dialect.quoteTable(from)} to ${dialect.quoteTable(to)}`);
  return `rename table ${list.join(', ')}`;
}

function swapsTable({ dialect }: SqlDatabase): string {
  return dialect.quoteTable(bookkeepingTable(dialect, 'swaps'));
}
