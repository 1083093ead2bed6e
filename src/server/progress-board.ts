import type { Progress } from '../core/executor.ts';
import type { NodeKey } from '../core/node.ts';
import type { StepProgressEvent } from '../core/run-event.ts';
import type { LiveEvent } from './contract.ts';

/**
 * The latest progress of each running step. Progress is not kept in the ledger, so whoever opens the
 * page in the middle of a run learns it from here. Holds one entry per running step.
 */
export class ProgressBoard {
  readonly #latest = new Map<string, StepProgressEvent>();

  record(event: LiveEvent): void {
    if (event.type === 'step_progress') this.#latest.set(entryKey(event.runId, event.step), event);
    else if (event.type === 'step_state') this.#latest.delete(entryKey(event.runId, event.step));
  }

  of(runId: string, step: NodeKey): Progress | undefined {
    return this.#latest.get(entryKey(runId, step))?.progress;
  }

  newerThan(atMs: number, runId: string | undefined): StepProgressEvent[] {
    return [...this.#latest.values()].filter(
      (event) => event.atMs > atMs && (runId === undefined || event.runId === runId),
    );
  }
}

function entryKey(runId: string, step: NodeKey): string {
  return `${runId}\n${step}`;
}
