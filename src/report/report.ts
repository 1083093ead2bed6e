import type { Origin } from '../core/origin.ts';

/** A `reports/*.md` file, read and checked, with nothing compiled and nothing run. */
export interface Report {
  /** The file's name without folder and `.md`; what it is called in URLs and node keys. */
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly owner?: string;
  readonly tags: readonly string[];
  readonly origin: Origin;
  readonly queries: readonly ReportQuery[];
  readonly blocks: readonly ReportBlock[];
}

/** A fenced block that opens with `sql <name>`. */
export interface ReportQuery {
  readonly name: string;
  /** As written: may hold `ref` and `source` calls. Without a closing semicolon. */
  readonly sql: string;
  /** The line of the SQL's first line. */
  readonly origin: Origin;
}

export type ReportBlock = MarkdownBlock | ChartBlock;

export interface MarkdownBlock {
  readonly type: 'markdown';
  readonly markdown: string;
}

/** A chart tag. */
export interface ChartBlock {
  readonly type: 'chart';
  readonly chart: ChartKind;
  readonly title: string;
  readonly queryName: string;
  readonly x?: string;
  /** Bars and lines: the measures. A value: the one column shown. */
  readonly y?: readonly string[];
  readonly series?: string;
  /** A table's columns in order; absent: all. */
  readonly columns?: readonly string[];
  /** `integer`, `decimal`, `percent` (0.25 is 25 %) or a currency code such as `CAD`. */
  readonly format?: string;
  readonly origin: Origin;
}

export type ChartKind = 'bar' | 'line' | 'value' | 'table';

/** Columns of the query's result that a chart names. */
export function columnsOf(chart: ChartBlock): readonly string[] {
  return [
    ...(chart.x === undefined ? [] : [chart.x]),
    ...(chart.y ?? []),
    ...(chart.series === undefined ? [] : [chart.series]),
    ...(chart.columns ?? []),
  ];
}
