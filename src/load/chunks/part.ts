import type { SqlSession } from '../../connector/connection.ts';
import type { Dialect } from '../../sql/dialect.ts';
import { beyond, findBoundary, keyTerms, upTo } from '../stream/keyset.ts';
import type { ChunkPlan } from './chunk-plan.ts';
import type { PartsProgress } from './parts-progress.ts';

/** The next rows of a stream that is read in parts. */
export interface Part {
  readonly conditions: readonly string[];
  /** Key of its last row; absent for the last part and for parts by expression. */
  readonly end?: readonly string[];
  readonly isLast: boolean;
}

/** The stream that is read. */
export interface PartSource {
  readonly stream: string;
  readonly dialect: Dialect;
  /** The stream as a FROM item. */
  readonly from: string;
  readonly chunks: ChunkPlan;
}

/** Finds the next part. The last one has no upper bound, so that it takes what has come meanwhile. */
export async function partOf(
  { stream, dialect, from, chunks }: PartSource,
  { position, parts }: PartsProgress,
  rows: number,
  session: SqlSession,
  signal: AbortSignal,
): Promise<Part> {
  const { key, expression } = chunks;
  if (expression) return numberedPart(expression, parts);
  const after = position.length > 0 ? [beyond(dialect, keyTerms(dialect, key, position))] : [];
  const search = { streamName: stream, dialect, from, conditions: after, key, rows };
  const end = await findBoundary(search, session, signal);
  if (!end) return { conditions: after, isLast: true };
  return { conditions: [...after, upTo(dialect, keyTerms(dialect, key, end))], end, isLast: false };
}

/** Part number `index`; the last one takes every row whose number is not that of another part. */
function numberedPart({ sql, count }: NonNullable<ChunkPlan['expression']>, index: number): Part {
  if (index < count - 1) return { conditions: [`(${sql}) = ${index}`], isLast: false };
  const others = Array.from({ length: count - 1 }, (_, other) => other);
  return {
    conditions: others.length === 0 ? [] : [`coalesce((${sql}) not in (${others.join(', ')}), true)`],
    isLast: true,
  };
}
