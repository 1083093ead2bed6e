import { ConfigError } from '../../core/errors.ts';
import type { Origin } from '../../core/origin.ts';

/** How a stream asks for its reading to be cut: `source_options.chunk_size`, `chunk_count`, `chunk_expr`. */
export interface ChunkOptions {
  /** Rows per chunk. */
  readonly rows?: number;
  /** Stretch of the update key per chunk. */
  readonly span?: TimeSpan;
  /** Number of chunks. */
  readonly count?: number;
  /** SQL that gives the number of a row's chunk, from 0 on. */
  readonly expression?: string;
}

export interface TimeSpan {
  readonly amount: number;
  readonly unit: 'hour' | 'day' | 'week' | 'month' | 'year';
}

const units: Readonly<Record<string, TimeSpan['unit']>> = {
  h: 'hour',
  d: 'day',
  w: 'week',
  m: 'month',
  y: 'year',
};

/** Reads the three keys; undefined when none of them is there. */
export function chunkOptions(
  options: Readonly<Record<string, unknown>>,
  originOf: (key: string) => Origin,
): ChunkOptions | undefined {
  const { chunk_size: size, chunk_count: count, chunk_expr: expression } = options;
  if (size === undefined && count === undefined && expression === undefined) return undefined;
  const refuse = (key: string, message: string, next: string): never => {
    throw new ConfigError(message, { code: 'invalid_value', origin: originOf(key), next });
  };
  const chunkCount = count === undefined ? undefined : wholeNumber(count);
  if (count !== undefined && chunkCount === undefined)
    refuse('chunk_count', 'chunk_count must be a number of chunks, from 1 on', 'Write chunk_count: 10');
  if (expression !== undefined) {
    if (typeof expression !== 'string' || chunkCount === undefined || size !== undefined) {
      return refuse(
        'chunk_expr',
        'chunk_expr is SQL, and needs chunk_count beside it and no chunk_size',
        "Write chunk_count: 10 and chunk_expr: 'mod(id, {chunk_count})'",
      );
    }
    return {
      expression: expression.replaceAll('{chunk_count}', String(chunkCount)),
      count: chunkCount,
    };
  }
  if (chunkCount !== undefined && size !== undefined)
    refuse('chunk_size', 'chunk_size and chunk_count say the same twice', 'Keep one of them');
  if (chunkCount !== undefined) return { count: chunkCount };
  const rows = wholeNumber(size);
  if (rows !== undefined) return { rows };
  const span = typeof size === 'string' ? timeSpan(size) : undefined;
  if (span) return { span };
  return refuse(
    'chunk_size',
    `chunk_size '${String(size)}' is neither a number of rows nor a time`,
    'Write a number of rows, or 6h, 7d, 1w, 2m, 1y along the update_key',
  );
}

function wholeNumber(value: unknown): number | undefined {
  const number = typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value;
  return typeof number === 'number' && Number.isSafeInteger(number) && number >= 1 ? number : undefined;
}

function timeSpan(text: string): TimeSpan | undefined {
  const parts = /^(\d+)([hdwmy])$/.exec(text.trim());
  const unit = units[parts?.[2] ?? ''];
  const amount = Number(parts?.[1]);
  return unit && amount > 0 ? { amount, unit } : undefined;
}
