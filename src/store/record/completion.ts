import type { Completion, StepOutcome } from '../../core/executor.ts';
import type { RunLease } from '../../core/ledger.ts';
import type { StepMove } from '../../core/ports.ts';
import { integer, text, type Row } from './row.ts';

/** What a finished step leaves for good; undefined for a step that left nothing. */
export function completionOf(
  lease: RunLease,
  move: StepMove,
  startedAtMs: number | undefined,
): Completion | undefined {
  if (move.isForItem || !move.outcome || (move.to !== 'succeeded' && !move.outcome.check)) return undefined;
  return {
    ...move.outcome,
    key: move.node ?? move.step,
    ...(move.partitions ? { partitions: move.partitions.text } : {}),
    runId: lease.runId,
    finishedAtMs: move.atMs,
    durationMs: move.atMs - (startedAtMs ?? move.atMs),
  };
}

export function toCompletion(row: Row): Completion {
  return {
    ...(JSON.parse(text(row, 'outcome')) as StepOutcome & Pick<Completion, 'partitions'>),
    key: text(row, 'key'),
    runId: text(row, 'run_id'),
    finishedAtMs: integer(row, 'finished_at_ms'),
    durationMs: integer(row, 'duration_ms'),
  };
}
