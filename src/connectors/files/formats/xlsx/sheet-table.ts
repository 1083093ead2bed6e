import { DataError } from '../../../../core/errors.ts';
import { brokenFile } from '../broken-file.ts';
import { openZip } from '../zip-archive.ts';
import { columnLetters, sheetRange } from './cell-range.ts';
import { type CellValue, type SheetRow, sheetRows } from './sheet-rows.ts';
import { findSheet, readWorkbook } from './workbook.ts';

export interface SheetOptions {
  /** `Sheet1`, `Sheet1!A1:F100` or a range alone; the first sheet when absent. */
  readonly sheet?: string;
  readonly header: boolean;
  /** Rows before the header. */
  readonly skipLines: number;
}

/** A sheet as a table. */
export interface SheetTable {
  readonly columns: readonly string[];
  /** Rows with their number in the sheet; cells that are empty are absent. */
  readonly rows: AsyncIterable<{
    readonly number: number;
    readonly values: Readonly<Record<string, CellValue>>;
  }>;
  close(): void;
}

/** Opens a workbook and reads as far as the header. The table must be closed. */
export async function openSheet(path: string, options: SheetOptions, place: string): Promise<SheetTable> {
  const range = sheetRange(options.sheet);
  const archive = await openZip(path, place);
  try {
    const workbook = await readWorkbook(archive, place);
    const sheet = findSheet(workbook, range.sheet, place);
    const where = `${place}, sheet ${sheet.name}`;
    const firstRow = range.firstRow + options.skipLines;
    const rows = sheetRows(archive, workbook, sheet, { ...range, firstRow }, place);
    const first = await rows.next();
    if (first.done)
      throw brokenFile(where, 'there are no cells with values', 'Name another sheet in sheet:.');
    const width = options.header ? widthOf(first.value, range) : await widest(rows, first.value, range);
    const letters = Array.from({ length: width.count }, (_, index) => width.first + index);
    const columns = options.header
      ? headerNames(letters, first.value, where)
      : letters.map((_, index) => numberedName(index));
    const again = options.header ? rows : sheetRows(archive, workbook, sheet, { ...range, firstRow }, place);
    return {
      columns,
      rows: named(again, columns, width.first, where),
      close: () => archive.close(),
    };
  } catch (error) {
    archive.close();
    throw error;
  }
}

interface Width {
  readonly first: number;
  readonly count: number;
}

function widthOf(
  { cells }: SheetRow,
  range: { readonly firstColumn: number; readonly lastColumn: number },
): Width {
  const numbers = [...cells.keys()];
  const first = range.firstColumn > 1 ? range.firstColumn : Math.min(...numbers);
  const last = Number.isFinite(range.lastColumn) ? range.lastColumn : Math.max(...numbers);
  return { first, count: last - first + 1 };
}

/** Without a header only all rows together tell how many columns there are. */
async function widest(
  rows: AsyncIterable<SheetRow>,
  first: SheetRow,
  range: { readonly firstColumn: number; readonly lastColumn: number },
): Promise<Width> {
  let from = Math.min(...first.cells.keys());
  let to = Math.max(...first.cells.keys());
  for await (const { cells } of rows) {
    for (const column of cells.keys()) {
      from = Math.min(from, column);
      to = Math.max(to, column);
    }
  }
  return widthOf({ number: 0, cells: new Map([from, to].map((column) => [column, ''])) }, range);
}

function headerNames(
  letters: readonly number[],
  { number, cells }: SheetRow,
  place: string,
): readonly string[] {
  const names = letters.map((column, index) => String(cells.get(column) ?? '').trim() || numberedName(index));
  const folded = names.map((name) => name.toLowerCase());
  const twice = names.find((_, index) => folded.indexOf(folded[index] ?? '') !== index);
  if (twice === undefined) return names;
  throw new DataError(`${place}, row ${number}: column ${twice} is named twice.`, {
    code: 'column_twice',
    state: 'Nothing was read. Names that differ in case alone count as one.',
    next: 'Rename one of them in the file, or read it with header: false.',
  });
}

function numberedName(index: number): string {
  return `col_${String(index + 1).padStart(3, '0')}`;
}

async function* named(
  rows: AsyncIterable<SheetRow>,
  columns: readonly string[],
  first: number,
  place: string,
): AsyncGenerator<{ number: number; values: Record<string, CellValue> }> {
  for await (const { number, cells } of rows) {
    const values: Record<string, CellValue> = {};
    for (const [column, value] of cells) {
      const name = columns[column - first];
      if (name === undefined) {
        throw new DataError(
          `${place}, cell ${columnLetters(column)}${number}: the value stands beyond the columns of the header.`,
          {
            code: 'file_broken_row',
            state: 'Nothing was published.',
            next: 'Give the column a name, or name the range of the table in sheet:.',
          },
        );
      }
      values[name] = value;
    }
    yield { number, values };
  }
}
