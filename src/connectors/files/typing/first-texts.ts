import type { DuckDBConnection } from '@duckdb/node-api';
import type { TextColumn } from './column-evidence.ts';

/** Rows that rule most types out, so that few are asked of more rows; fewer of wide tables. */
const mostRows = 1024;
const mostValues = 100_000;
const fewestRows = 64;
/** The rest of a text tells no more: only a number of so many digits is as long, and it stays text too. */
const mostLetters = 1000;
/** DuckDB holds 2,048 rows of all columns that a SELECT reads at once, for each thread: 32 KB for a column and more. */
const mostColumnsAtOnce = 1000;

/** The first rows of a relation. */
export interface FirstTexts {
  /** The texts of each column that are not NULL. */
  readonly texts: readonly (readonly string[])[];
  /** True when there are no further rows. */
  readonly isWhole: boolean;
}

export async function firstTexts(
  connection: DuckDBConnection,
  from: string,
  columns: readonly TextColumn[],
): Promise<FirstTexts> {
  const rows = firstRowCount(columns.length);
  const texts: string[][] = [];
  let found = 0;
  for (let start = 0; start < columns.length; start += mostColumnsAtOnce) {
    const some = columns.slice(start, start + mostColumnsAtOnce);
    const values = some.map(({ expression }) => `left(${expression}, ${mostLetters})`);
    const reader = await connection.runAndReadAll(`select ${values.join(', ')} from ${from} limit ${rows}`);
    found = reader.currentRowCount;
    for (const column of reader.getColumns())
      texts.push(column.filter((value): value is string => typeof value === 'string'));
  }
  return { texts, isWhole: found < rows };
}

export function firstRowCount(columnCount: number): number {
  return Math.max(fewestRows, Math.min(mostRows, Math.floor(mostValues / Math.max(1, columnCount))));
}

/** The first of the longest texts: of times that is the most usual one, whose fraction does not end in 0. */
export function longestText(texts: readonly string[]): string | undefined {
  let longest: string | undefined;
  for (const text of texts) if (longest === undefined || text.length > longest.length) longest = text;
  return longest;
}
