import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { join } from 'node:path';

/** What was measured, beside the bar. */
export interface Line {
  readonly what: string;
  readonly unit: string;
  /** The bar. */
  readonly atMost: number;
  readonly values: readonly number[];
  /** Which of `values` is held against the bar. Default: the middle one. */
  readonly judged?: 'largest';
}

/** The same work in Dagster and in Millrace, milliseconds a step. */
export interface Pair {
  readonly what: string;
  readonly ours: readonly number[];
  readonly theirs: readonly number[];
  readonly version: string;
}

export interface Measured {
  readonly lines: readonly Line[];
  readonly pairs: readonly Pair[];
}

export interface KeptRow extends Measured {
  /** ISO 8601, UTC. */
  readonly measuredAt: string;
  /** Load average of one minute when the row began. */
  readonly load: number;
}

/** By the name of a row. */
export type Record = Readonly<{ [row: string]: KeptRow }>;

const path = join(import.meta.dirname, 'result.json');

/** What was measured before, so that rows can be measured one at a time. */
export function readRecord(): Record {
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as Record) : {};
}

export function writeRecord(record: Record): void {
  writeFileSync(path, `${JSON.stringify(record, undefined, 1)}\n`);
}

export async function kept(measure: () => Promise<Measured>): Promise<KeptRow> {
  const load = loadavg()[0] ?? 0;
  const measuredAt = new Date().toISOString();
  return { ...(await measure()), measuredAt, load };
}

/** The value that is held against the bar. */
export function judgedValue({ values, judged }: Line): number {
  return judged === 'largest' ? Math.max(...values) : percentile(values, 0.5);
}

export function percentile(values: readonly number[], share: number): number {
  const at = Math.min(values.length - 1, Math.floor(values.length * share));
  return values.toSorted((a, b) => a - b)[at] ?? NaN;
}
