import { castTo } from '../cast.ts';
import type { DataType } from '../data-type.ts';
import type { Dialect, TableName } from '../dialect.ts';

/** A column on its way from the stage into the target. */
export interface PublishedColumn {
  /** The same in stage and target. */
  readonly name: string;
  /** SQL over the stage's columns that gives the value; the column itself when absent. */
  readonly expression?: string;
  /** Its type in the target. */
  readonly type: DataType;
  /** True when the stage has another one. */
  readonly converted: boolean;
  /** False for types that the system cannot compare, such as PostgreSQL's `json`. */
  readonly comparable: boolean;
}

/** The rows of a stage and where they go. */
export interface StageRows {
  readonly stage: TableName;
  readonly target: TableName;
  readonly columns: readonly PublishedColumn[];
  /** Values of columns that only the target has, as SQL by column name. */
  readonly constants: Readonly<Record<string, string>>;
  /** SQL over the stage that tells each row from every other within a transaction; absent where there is none. */
  readonly place?: string;
}

/** Which of several stage rows with one key is kept. */
export interface KeyChoice {
  readonly key: readonly string[];
  /** The row with the greatest value wins; any row does when absent. */
  readonly latestBy?: string;
}

/** `cast("a" as bigint)` or `"a"`. */
function columnExpression(dialect: Dialect, column: PublishedColumn): string {
  const name = column.expression ?? dialect.quote(column.name);
  return column.converted ? castTo(dialect, name, column.type) : name;
}

/**
 * The stage's rows in the target's types; one per key when a choice is given.
 * @param placeName name of one more column, with the place of each row
 */
export function stageSelect(
  dialect: Dialect,
  rows: StageRows,
  choice?: KeyChoice,
  placeName?: string,
): string {
  const columns = rows.columns.map((column) =>
    !column.converted && column.expression === undefined
      ? dialect.quote(column.name)
      : `${columnExpression(dialect, column)} as ${dialect.quote(column.name)}`,
  );
  const constants = Object.entries(rows.constants).map(([name, sql]) => `${sql} as ${dialect.quote(name)}`);
  const stage = dialect.quoteTable(rows.stage);
  const place = placeName === undefined ? undefined : dialect.quote(placeName);
  const placed = place === undefined ? [] : [`${rows.place} as ${place}`];
  if (!choice) return `select ${[...columns, ...constants, ...placed].join(', ')} from ${stage}`;
  const list = [...columns, ...constants, ...(place === undefined ? [] : [place])].join(', ');
  const ranked = ['*', ...placed, rankColumn(dialect, choice)].join(', ');
  return `select ${list} from (select ${ranked} from ${stage}) as staged where ${dialect.quote(rankName)} = 1`;
}

/** Places of the rows that `stageSelect` leaves out for a choice. */
export function repeatedPlaces(
  dialect: Dialect,
  { stage, place }: StageRows,
  choice: KeyChoice,
  placeName: string,
): string {
  const placed = dialect.quote(placeName);
  const ranked = `${place} as ${placed}, ${rankColumn(dialect, choice)}`;
  return `select ${placed} from (select ${ranked} from ${dialect.quoteTable(stage)}) as staged where ${dialect.quote(rankName)} > 1`;
}

const rankName = '_millrace_rank';

/** 1 for the row that is kept of those with one key. */
function rankColumn(dialect: Dialect, { key, latestBy }: KeyChoice): string {
  const parts = key.map((name) => dialect.quote(name)).join(', ');
  const order =
    latestBy === undefined ? '' : ` order by ${dialect.quote(latestBy)} desc${nullsLast(dialect)}`;
  return `row_number() over (partition by ${parts}${order}) as ${dialect.quote(rankName)}`;
}

/** MySQL has no such words, and puts NULLs last in descending order. */
function nullsLast(dialect: Dialect): string {
  return dialect.name === 'mysql' ? '' : ' nulls last';
}

/** Names of the columns that `stageSelect` gives, in its order. */
export function stageColumnList(dialect: Dialect, rows: StageRows): string {
  return [...rows.columns.map((column) => column.name), ...Object.keys(rows.constants)]
    .map((name) => dialect.quote(name))
    .join(', ');
}
