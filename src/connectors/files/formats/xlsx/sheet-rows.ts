import { brokenFile } from '../broken-file.ts';
import { readXml, type XmlHandler } from '../xml-events.ts';
import type { ZipArchive } from '../zip-archive.ts';
import { cellPlace, type SheetRange } from './cell-range.ts';
import { serialText } from './number-format.ts';
import { entryText, type SheetPlace, unescapeText, type Workbook } from './workbook.ts';

/** Text, number or truth; dates are ISO 8601 text; an error of a formula is its text, such as `#N/A`. */
export type CellValue = string | number | boolean;

/** A row that holds something. */
export interface SheetRow {
  /** From 1 on, as Excel shows it. */
  readonly number: number;
  /** By the column's number, from 1 on. */
  readonly cells: ReadonlyMap<number, CellValue>;
}

/** The rows of a sheet within a range, in order; empty rows are left out. Formulas give the value that was stored. */
export async function* sheetRows(
  archive: ZipArchive,
  workbook: Workbook,
  { name, entry }: SheetPlace,
  range: SheetRange,
  place: string,
): AsyncGenerator<SheetRow> {
  const sheet = `${place}, sheet ${name}`;
  const reader = new SheetReader(workbook, range, sheet);
  for await (const _ of readXml(entryText(archive, entry, place), reader, sheet)) yield* reader.take();
}

interface OpenCell {
  readonly row: number;
  readonly column: number;
  readonly type: string;
  readonly style: number;
}

class SheetReader implements XmlHandler {
  readonly #workbook: Workbook;
  readonly #range: SheetRange;
  readonly #place: string;
  #done: SheetRow[] = [];
  #row = 0;
  #column = 0;
  #cells = new Map<number, CellValue>();
  #cell: OpenCell | undefined;
  #text = '';
  #collects = false;
  #isPhonetic = false;

  constructor(workbook: Workbook, range: SheetRange, place: string) {
    this.#workbook = workbook;
    this.#range = range;
    this.#place = place;
  }

  take(): readonly SheetRow[] {
    const done = this.#done;
    this.#done = [];
    return done;
  }

  open(name: string, attributes: Readonly<Record<string, string>>): void {
    switch (name) {
      case 'row':
        this.#row = attributes['r'] === undefined ? this.#row + 1 : Number(attributes['r']);
        this.#column = 0;
        this.#cells = new Map();
        return;
      case 'c': {
        const place = attributes['r'] === undefined ? undefined : cellPlace(attributes['r']);
        this.#column = place?.column ?? this.#column + 1;
        this.#cell = {
          row: place?.row ?? this.#row,
          column: this.#column,
          type: attributes['t'] ?? 'n',
          style: Number(attributes['s'] ?? 0),
        };
        this.#text = '';
        return;
      }
      case 'v':
        this.#collects = true;
        return;
      case 'rPh':
        this.#isPhonetic = true;
        return;
      case 't':
        this.#collects = !this.#isPhonetic;
    }
  }

  text(text: string): void {
    if (this.#collects) this.#text += text;
  }

  close(name: string): void {
    if (name === 'v' || name === 't') this.#collects = false;
    if (name === 'rPh') this.#isPhonetic = false;
    if (name === 'c' && this.#cell) {
      const { column } = this.#cell;
      const value = this.#isInside(column) ? this.#value(this.#cell) : undefined;
      if (value !== undefined) this.#cells.set(column, value);
      this.#cell = undefined;
    }
    if (name === 'row' && this.#cells.size > 0) {
      const { firstRow, lastRow } = this.#range;
      if (this.#row >= firstRow && this.#row <= lastRow)
        this.#done.push({ number: this.#row, cells: this.#cells });
    }
  }

  #isInside(column: number): boolean {
    return column >= this.#range.firstColumn && column <= this.#range.lastColumn;
  }

  #value(cell: OpenCell): CellValue | undefined {
    const text = this.#text;
    switch (cell.type) {
      case 's': {
        const shared = this.#workbook.sharedTexts[Number(text)];
        if (shared === undefined) throw this.#broken(cell, `there is no shared text ${text}`);
        return shared;
      }
      case 'str':
      case 'inlineStr':
        return unescapeText(text);
      case 'b':
        return text === '' ? undefined : text === '1' || text === 'true';
      case 'e':
        return text;
      case 'd':
        return text === '' ? undefined : text;
      default:
        return text === '' ? undefined : this.#number(cell, text);
    }
  }

  #number(cell: OpenCell, text: string): CellValue {
    const number = Number(text);
    if (!Number.isFinite(number)) throw this.#broken(cell, `'${text}' is not a number`);
    const meaning = this.#workbook.meanings[cell.style] ?? 'number';
    if (meaning === 'number') return number;
    return serialText(number, meaning, this.#workbook.uses1904) ?? number;
  }

  #broken({ row, column }: OpenCell, reason: string): Error {
    return brokenFile(`${this.#place}, row ${row}, column ${column}`, reason);
  }
}
