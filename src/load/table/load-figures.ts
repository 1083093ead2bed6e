import type { StageResult } from '../../connector/connection.ts';
import type { TableName } from '../../sql/dialect.ts';
import { warningsOf } from '../hooks/warnings.ts';
import type { StreamPlan } from '../plan/stream-plan.ts';
import type { StreamConfig } from '../replication/replication.ts';
import { rowCounts, type LoadFigures, type RoleCounts } from '../stream/figures.ts';
import { formatWatermark, type Watermark } from '../stream/watermark.ts';

export interface FigureDetails {
  readonly chunks?: number;
  readonly rowsRejected?: number;
  readonly warnings?: readonly string[];
  /** Absent when not counted. */
  readonly rowsInTarget?: number;
}

/** What became of a stage that was published. */
export function figuresOf(
  plan: StreamPlan,
  staged: StageResult,
  counts: RoleCounts,
  watermark: Watermark | undefined,
  { chunks = 1, rowsRejected = 0, rowsInTarget, warnings = [] }: FigureDetails = {},
): LoadFigures {
  const isSwap = plan.publication?.method.startsWith('swap') ?? false;
  const rows = rowCounts(counts, staged.rows, isSwap, plan.mergeKey.length > 0);
  const { table, connection } = plan.target;
  return {
    stream: plan.stream,
    source: `${plan.source.connection} ${plan.stream}`,
    target: `${connection} ${table.schema === '' ? '' : `${table.schema}.`}${table.name}`,
    mode: plan.mode,
    lane: plan.lane.format,
    laneReason: plan.lane.reason,
    publication: plan.publication?.method ?? 'rename: the new file takes the place of the old one',
    rowsRead: staged.rows,
    rowsInserted: rows.inserted,
    rowsUpdated: rows.updated,
    rowsDeleted: rows.deleted,
    rowsRejected,
    bytes: staged.bytes,
    watermarkBefore: formatWatermark(plan.watermarkBefore),
    watermarkAfter: formatWatermark(watermark),
    schemaChanges: plan.publication?.schemaChanges ?? [],
    rowsInTarget: rowsInTarget ?? null,
    chunks,
    ...warningsOf(warnings),
  };
}

/** Of a stream that was left out. */
export function skippedFigures(
  { name, mode }: Pick<StreamConfig, 'name' | 'mode'>,
  source: string,
  target: string,
  object: TableName,
  reason: string,
): LoadFigures {
  return {
    stream: name,
    source: `${source} ${name}`,
    target: `${target} ${object.schema === '' ? '' : `${object.schema}.`}${object.name}`,
    mode,
    lane: 'none',
    laneReason: reason,
    publication: `none: ${reason}`,
    rowsRead: 0,
    rowsInserted: 0,
    rowsUpdated: 0,
    rowsDeleted: 0,
    rowsRejected: 0,
    bytes: 0,
    watermarkBefore: formatWatermark(undefined),
    watermarkAfter: formatWatermark(undefined),
    schemaChanges: [],
    rowsInTarget: null,
    chunks: 0,
  };
}
