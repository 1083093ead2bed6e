import { ConfigError } from '../../../../core/errors.ts';

/** Where a cell is; rows and columns count from 1. */
export interface CellPlace {
  readonly row: number;
  readonly column: number;
}

/** A part of a workbook: a sheet, and a rectangle in it. Ends that are absent are open. */
export interface SheetRange {
  /** The first sheet when absent. */
  readonly sheet?: string;
  readonly firstRow: number;
  readonly firstColumn: number;
  readonly lastRow: number;
  readonly lastColumn: number;
}

/** `C7` as a place; undefined for what is not the name of a cell. */
export function cellPlace(name: string): CellPlace | undefined {
  const parts = /^\$?([A-Z]{1,3})\$?([1-9][0-9]{0,6})$/i.exec(name.trim());
  return parts?.[1] && parts[2] ? { row: Number(parts[2]), column: columnNumber(parts[1]) } : undefined;
}

export function columnNumber(letters: string): number {
  let number = 0;
  for (const letter of letters.toUpperCase()) number = number * 26 + (letter.charCodeAt(0) - 64);
  return number;
}

/** 1 is `A`, 27 is `AA`. */
export function columnLetters(column: number): string {
  let letters = '';
  for (let rest = column; rest > 0; rest = Math.floor((rest - 1) / 26))
    letters = String.fromCharCode(65 + ((rest - 1) % 26)) + letters;
  return letters;
}

const open = { firstRow: 1, firstColumn: 1, lastRow: Infinity, lastColumn: Infinity };

/**
 * Reads `Sheet1`, `Sheet1!A1:F100`, `'My sheet'!B:D` or `A1:F100`.
 * @throws ConfigError code `invalid_value`
 */
export function sheetRange(text: string | undefined): SheetRange {
  const spec = text?.trim() ?? '';
  if (spec === '') return open;
  const cut = spec.lastIndexOf('!');
  const name = (cut < 0 ? spec : spec.slice(0, cut)).replace(/^'(.*)'$/, '$1').replaceAll("''", "'");
  if (cut < 0) return corners(spec) ?? { ...open, sheet: name };
  const found = corners(spec.slice(cut + 1));
  if (!found) {
    throw new ConfigError(`source option sheet: '${spec}' names no range of cells.`, {
      code: 'invalid_value',
      next: "Write sheet: 'Sheet1!A1:F100', or the name of the sheet alone.",
    });
  }
  return name === '' ? found : { ...found, sheet: name };
}

function corners(text: string): SheetRange | undefined {
  const [from = '', to = '', ...others] = text.split(':');
  if (others.length > 0 || to === '') return undefined;
  const start = cellPlace(from);
  const end = cellPlace(to);
  if (start && end) {
    return {
      firstRow: Math.min(start.row, end.row),
      firstColumn: Math.min(start.column, end.column),
      lastRow: Math.max(start.row, end.row),
      lastColumn: Math.max(start.column, end.column),
    };
  }
  if (!/^\$?[A-Z]{1,3}$/i.test(from) || !/^\$?[A-Z]{1,3}$/i.test(to)) return undefined;
  const [first, last] = [from, to].map((letters) => columnNumber(letters.replace('$', '')));
  return {
    ...open,
    firstColumn: Math.min(first ?? 1, last ?? 1),
    lastColumn: Math.max(first ?? 1, last ?? 1),
  };
}
