import type { Failure } from '../core/errors.ts';

/** A report with its data: what is kept after a run and what the page draws. Plain JSON. */
export interface ReportView {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly blocks: readonly ReportViewBlock[];
  /** When its queries were run. Milliseconds since 1970, UTC. */
  readonly generatedAtMs: number;
}

export type ReportViewBlock =
  | { readonly type: 'markdown'; readonly markdown: string }
  | {
      readonly type: 'chart';
      readonly chart: 'bar' | 'line' | 'value' | 'table';
      readonly title: string;
      readonly x?: string;
      readonly y?: readonly string[];
      readonly series?: string;
      readonly format?: string;
      readonly queryName: string;
      readonly data: ReportData;
      /** Set when the query or the chart failed; `data` is then empty. */
      readonly error?: Failure;
    };

export interface ReportData {
  readonly columns: readonly { readonly name: string; readonly type: string }[];
  /** JSON values; numbers that JavaScript would round are strings. */
  readonly rows: readonly (readonly unknown[])[];
  /** Set when the query gave more rows than were kept; `rows` holds the first ones. */
  readonly truncated?: boolean;
}
