import type { JsonObject, JsonValue } from './json.ts';
import type { StepRecord } from './ledger.ts';

/** What a finished load says of one stream. */
export interface StreamFigures {
  readonly stream: string;
  readonly mode: string;
  /** The physical path that the rows took, and why this one. */
  readonly lane: string;
  readonly laneReason: string;
  readonly rowsRead: number;
  readonly rowsInserted: number;
  readonly rowsUpdated: number;
  readonly rowsDeleted: number;
  readonly rowsRejected: number;
  readonly bytes: number;
  /** Of rows read, over the whole step; absent for one of several streams of a step. */
  readonly rowsPerSecond?: number;
  /** `none`, or such as `updated_at = 2026-01-01 00:00:00`. */
  readonly watermarkBefore: string;
  readonly watermarkAfter: string;
  readonly schemaChanges: readonly string[];
}

/** Of the streams of a load: one, or those that its wildcard stood for. Empty for everything else. */
export function streamFigures({
  outcome,
  startedAtMs,
  finishedAtMs,
}: Pick<StepRecord, 'outcome' | 'startedAtMs' | 'finishedAtMs'>): readonly StreamFigures[] {
  const metadata = outcome?.metadata;
  const several = metadata?.['streams'];
  if (Array.isArray(several)) return (several as readonly JsonObject[]).map((stream) => figuresOf(stream));
  if (typeof metadata?.['stream'] !== 'string') return [];
  const figures = figuresOf(metadata);
  const seconds = ((finishedAtMs ?? 0) - (startedAtMs ?? 0)) / 1000;
  return [seconds > 0 ? { ...figures, rowsPerSecond: Math.round(figures.rowsRead / seconds) } : figures];
}

function figuresOf(metadata: JsonObject): StreamFigures {
  const text = (name: string): string => (typeof metadata[name] === 'string' ? metadata[name] : '');
  const number = (name: string): number => (typeof metadata[name] === 'number' ? metadata[name] : 0);
  const changes: JsonValue | undefined = metadata['schemaChanges'];
  return {
    stream: text('stream'),
    mode: text('mode'),
    lane: text('lane'),
    laneReason: text('laneReason'),
    rowsRead: number('rowsRead'),
    rowsInserted: number('rowsInserted'),
    rowsUpdated: number('rowsUpdated'),
    rowsDeleted: number('rowsDeleted'),
    rowsRejected: number('rowsRejected'),
    bytes: number('bytes'),
    watermarkBefore: text('watermarkBefore'),
    watermarkAfter: text('watermarkAfter'),
    schemaChanges: Array.isArray(changes) ? changes.map(String) : [],
  };
}
