import type { ChartBlock, TablePayload } from '../../../src/server/contract.ts';
import { formatCell, isNumericType } from '../format.ts';

export interface ChartSeries {
  readonly name: string;
  /** One per category; null where there is no row. */
  readonly values: readonly (number | null)[];
}

export interface ChartData {
  readonly categories: readonly string[];
  readonly series: readonly ChartSeries[];
}

/** The columns that are drawn: as named, or else the first as categories and the numbers as values. */
export function drawnColumns(block: Pick<ChartBlock, 'x' | 'y' | 'series' | 'data'>): {
  x: string;
  y: readonly string[];
} {
  const { columns } = block.data;
  const x = block.x ?? columns.find((column) => column.name !== block.series)?.name ?? '';
  const numbers = columns
    .filter((column) => column.name !== x && column.name !== block.series && isNumericType(column.type))
    .map((column) => column.name);
  return { x, y: block.y ?? numbers };
}

/** Rows as categories and series. Several rows of one category and series are added up. */
export function chartData(block: Pick<ChartBlock, 'x' | 'y' | 'series' | 'data'>): ChartData {
  const { x, y } = drawnColumns(block);
  const at = columnReader(block.data);
  const categories = unique(block.data.rows.map((row) => formatCell(at(row, x))));
  const positionOf = new Map(categories.map((category, index) => [category, index]));
  const series = new Map<string, (number | null)[]>();
  for (const row of block.data.rows) {
    const position = positionOf.get(formatCell(at(row, x))) ?? 0;
    for (const column of y) {
      const values = valuesOf(series, seriesName(block.series, column, y, row, at), categories.length);
      const number = toNumber(at(row, column));
      if (number !== null) values[position] = (values[position] ?? 0) + number;
    }
  }
  return { categories, series: [...series].map(([name, values]) => ({ name, values })) };
}

type Row = readonly unknown[];
type ColumnReader = (row: Row, column: string) => unknown;

function columnReader(data: TablePayload): ColumnReader {
  const positions = new Map(data.columns.map((column, index) => [column.name, index]));
  return (row, column) => row[positions.get(column) ?? -1];
}

function seriesName(
  series: string | undefined,
  column: string,
  y: readonly string[],
  row: Row,
  at: ColumnReader,
): string {
  if (series === undefined) return column;
  const name = formatCell(at(row, series));
  return y.length > 1 ? `${name} · ${column}` : name;
}

function valuesOf(series: Map<string, (number | null)[]>, name: string, length: number): (number | null)[] {
  const known = series.get(name);
  if (known) return known;
  const values = Array.from({ length }, () => null);
  series.set(name, values);
  return values;
}

function toNumber(value: unknown): number | null {
  if (value === null || value === undefined || value === '') return null;
  const number = Number(value);
  return Number.isFinite(number) ? number : null;
}

function unique(texts: readonly string[]): string[] {
  return [...new Set(texts)];
}
