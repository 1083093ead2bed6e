import type { Row } from '../connector/values/row-value.ts';
import type { Column } from '../sql/data-type.ts';
import type { SuiteTable } from './suite-options.ts';

const id: Column = { name: 'id', type: { type: 'int64' }, nullable: false };
const note: Column = { name: 'note', type: { type: 'text' }, nullable: true };

/** Rows `1 .. count` with a text beside each. */
export function numbered(name: string, count: number, columns: readonly Column[] = [id, note]): SuiteTable {
  const pageRows = 10_000;
  const page = (start: number): Row[] =>
    Array.from({ length: Math.min(pageRows, count - start) }, (_, index) => ({
      id: BigInt(start + index + 1),
      note: `row ${start + index + 1}`,
    }));
  const starts = Array.from({ length: Math.ceil(count / pageRows) }, (_, index) => index * pageRows);
  return {
    name,
    schema: { columns, primaryKey: [] },
    pages: {
      [Symbol.iterator]: function* () {
        for (const start of starts) yield page(start);
      },
    },
  };
}

/** One row of many columns, every seventh of them NULL. */
export function wide(name: string, columnCount: number): SuiteTable {
  const columns = Array.from({ length: columnCount }, (_, index): Column => ({
    name: `column_${index + 1}`,
    type: { type: 'int32' },
    nullable: true,
  }));
  const row = Object.fromEntries(
    columns.map((column, index) => [column.name, index % 7 === 6 ? null : index]),
  );
  return { name, schema: { columns, primaryKey: [] }, pages: [[row]] };
}

/** A row with a value of some million letters, between two short ones. */
export function long(name: string, letters: number): SuiteTable {
  const rows = ['short', 'long 😀 '.repeat(Math.ceil(letters / 8)).slice(0, letters), 'short'].map(
    (value, index) => ({ id: index + 1, note: value.toWellFormed() }),
  );
  return { name, schema: { columns: [id, note], primaryKey: [] }, pages: [rows] };
}
