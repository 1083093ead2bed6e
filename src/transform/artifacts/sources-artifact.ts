import type { JsonObject } from '../../core/json.ts';
import { artifactMetadata, type Invocation, timeText } from './metadata.ts';

/** How old the newest row of a source table is. */
export interface Freshness {
  readonly id: string;
  readonly status: 'pass' | 'warn' | 'error' | 'runtime error';
  /** Absent when it could not be found out. */
  readonly maxLoadedAtMs?: number;
  readonly snapshottedAtMs?: number;
  readonly error?: string;
  readonly criteria: JsonObject;
  readonly startedAtMs: number;
  readonly finishedAtMs: number;
}

/** dbt's `sources.json`. */
export function sourcesArtifact(
  invocation: Invocation,
  results: readonly Freshness[],
  elapsedSeconds: number,
): JsonObject {
  return {
    metadata: artifactMetadata('sources/v3', invocation),
    results: results.map((result) => freshnessEntry(result)),
    elapsed_time: elapsedSeconds,
  };
}

function freshnessEntry(result: Freshness): JsonObject {
  const { id, maxLoadedAtMs, snapshottedAtMs, startedAtMs, finishedAtMs } = result;
  if (maxLoadedAtMs === undefined || snapshottedAtMs === undefined) {
    return { unique_id: id, error: result.error ?? null, status: 'runtime error' };
  }
  return {
    unique_id: id,
    max_loaded_at: zonedText(maxLoadedAtMs),
    snapshotted_at: zonedText(snapshottedAtMs),
    max_loaded_at_time_ago_in_s: (snapshottedAtMs - maxLoadedAtMs) / 1000,
    status: result.status,
    criteria: result.criteria,
    adapter_response: { _message: 'OK' },
    timing: [
      { name: 'compile', started_at: timeText(startedAtMs), completed_at: timeText(startedAtMs) },
      { name: 'execute', started_at: timeText(startedAtMs), completed_at: timeText(finishedAtMs) },
    ],
    thread_id: 'main',
    execution_time: (finishedAtMs - startedAtMs) / 1000,
  };
}

function zonedText(ms: number): string {
  return new Date(Math.floor(ms)).toISOString().replace(/\.000Z$|Z$/, '+00:00');
}
