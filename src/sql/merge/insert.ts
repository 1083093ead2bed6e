import { castTo } from '../cast.ts';
import type { Dialect } from '../dialect.ts';
import { stageColumnList, stageSelect, type KeyChoice, type StageRows } from './stage-rows.ts';
import type { Statement } from './statement.ts';

/** Adds the stage's rows to the target; one per key when a choice is given. */
export function insertRows(dialect: Dialect, rows: StageRows, choice?: KeyChoice): Statement {
  const columns = stageColumnList(dialect, rows);
  return {
    role: 'insert',
    sql: `insert into ${dialect.quoteTable(rows.target)} (${columns}) ${stageSelect(dialect, rows, choice)}`,
  };
}

/**
 * Adds rows that continue the target along an update key, when there is no primary key: the stage holds
 * every source row from its least value on, so what the target has from there on is replaced.
 * @param isOrderedAlike false where the target may see another order than the source: then what it has of the same
 * values is replaced
 */
export function replaceTail(
  dialect: Dialect,
  rows: StageRows,
  updateKey: string,
  isOrderedAlike: boolean,
): readonly Statement[] {
  const key = dialect.quote(updateKey);
  const column = rows.columns.find((candidate) => candidate.name === updateKey);
  const wanted = isOrderedAlike ? `min(${key})` : key;
  const value = column?.converted ? castTo(dialect, wanted, column.type) : wanted;
  const target = dialect.quoteTable(rows.target);
  return [
    {
      role: 'replace',
      sql: `delete from ${target} where ${key} ${isOrderedAlike ? '>=' : 'in'} (select ${value} from ${dialect.quoteTable(rows.stage)})`,
    },
    insertRows(dialect, rows),
  ];
}

/** Empties the target and fills it, so that its indexes, grants and views stay. */
export function refill(
  dialect: Dialect,
  rows: StageRows,
  choice: KeyChoice | undefined,
  canTruncate: boolean,
): readonly Statement[] {
  const target = dialect.quoteTable(rows.target);
  // MySQL's truncate cannot be rolled back, SQLite has none.
  const truncates = canTruncate && dialect.name !== 'mysql' && dialect.name !== 'sqlite';
  const clear: Statement = {
    role: 'clear',
    sql: truncates ? `truncate table ${target}` : `delete from ${target}`,
  };
  return [clear, insertRows(dialect, rows, choice)];
}
