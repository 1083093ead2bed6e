import type { Column } from '../../sql/data-type.ts';
import type { TimeSpan } from '../replication/chunk-options.ts';
import type { PaceLimits } from './chunk-pace.ts';
import type { Replica } from './replica.ts';

/** How a long reading is cut. */
export interface ChunkPlan {
  /** Cut along these columns in this order; empty when an expression numbers the chunks. */
  readonly key: readonly Column[];
  readonly expression?: { readonly sql: string; readonly count: number };
  readonly span?: TimeSpan;
  readonly pace: PaceLimits;
  /** `each chunk` with its watermark, or all of them `once at the end`. */
  readonly commits: 'each chunk' | 'once at the end';
  /** Chunks that are read at the same time. */
  readonly sideBySide: number;
  readonly replica?: Replica;
  readonly reason: string;
}
