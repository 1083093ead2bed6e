import type { JsonObject } from '../../core/json.ts';
import type { StatementRole } from '../../sql/merge/index.ts';

/** Rows changed, by what the statement was for. */
export type RoleCounts = Readonly<Partial<Record<StatementRole, number>>>;

/** What became of the staged rows. */
export interface RowCounts {
  readonly inserted: number;
  readonly updated: number;
  /** Rows that went without a successor. */
  readonly deleted: number;
}

/** Reads the counts of a publication's statements. */
export function rowCounts(counts: RoleCounts, staged: number, isSwap: boolean, isMerge: boolean): RowCounts {
  if (isSwap) return { inserted: staged, updated: 0, deleted: 0 };
  const inserted = counts.insert ?? 0;
  const replaced = counts.replace ?? 0;
  const updated = counts.update ?? 0;
  const removed = counts.remove ?? 0;
  if (isMerge)
    return { inserted: Math.max(0, inserted - replaced), updated: updated + replaced, deleted: removed };
  return {
    inserted: Math.max(0, inserted - replaced),
    updated,
    deleted: Math.max(0, replaced - inserted),
  };
}

/** What a load tells the ledger about one stream. Kept beside the watermark too. */
export interface LoadFigures extends JsonObject {
  readonly stream: string;
  readonly source: string;
  readonly target: string;
  readonly mode: string;
  readonly lane: string;
  readonly laneReason: string;
  readonly publication: string;
  readonly rowsRead: number;
  readonly rowsInserted: number;
  readonly rowsUpdated: number;
  readonly rowsDeleted: number;
  /** Rows that went into the table of rejects instead. */
  readonly rowsRejected: number;
  readonly bytes: number;
  readonly watermarkBefore: string;
  readonly watermarkAfter: string;
  readonly schemaChanges: readonly string[];
  /** Rows of the target as they were counted when they were published; null where counting is dear. */
  readonly rowsInTarget: number | null;
  /** Pieces in which the stream was read. */
  readonly chunks: number;
  /** What was found and let pass, by hooks and constraints. */
  readonly warnings?: readonly string[];
}

/** The figures of a stream after one more of its chunks. */
export function addFigures(before: LoadFigures | undefined, chunk: LoadFigures): LoadFigures {
  if (!before) return chunk;
  return {
    ...chunk,
    publication: before.publication,
    rowsRead: before.rowsRead + chunk.rowsRead,
    rowsInserted: before.rowsInserted + chunk.rowsInserted,
    rowsUpdated: before.rowsUpdated + chunk.rowsUpdated,
    rowsDeleted: before.rowsDeleted + chunk.rowsDeleted,
    rowsRejected: before.rowsRejected + chunk.rowsRejected,
    bytes: before.bytes + chunk.bytes,
    watermarkBefore: before.watermarkBefore,
    schemaChanges: [...before.schemaChanges, ...chunk.schemaChanges],
    chunks: before.chunks + chunk.chunks,
    ...(before.warnings || chunk.warnings
      ? { warnings: [...(before.warnings ?? []), ...(chunk.warnings ?? [])] }
      : {}),
  };
}
