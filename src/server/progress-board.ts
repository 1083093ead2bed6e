import type { Progress } from '../core/executor.ts';
import type { NodeKey } from '../core/node.ts';
import type { StepProgressEvent } from '../core/run-event.ts';
import type { LiveEvent } from './contract.ts';

/** A progress report with its place in the order of arrival. */
export interface NumberedProgress {
  readonly number: number;
  readonly event: StepProgressEvent;
}

/**
 * The latest progress of each running step. Progress is not kept in the ledger, so whoever opens the
 * page in the middle of a run learns it from here. Holds one entry per running step.
 */
export class ProgressBoard {
  readonly #latest = new Map<string, NumberedProgress>();
  #number = 0;

  record(event: LiveEvent): void {
    if (event.type === 'step_progress') {
      this.#number += 1;
      this.#latest.set(entryKey(event.runId, event.step), { number: this.#number, event });
    } else if (event.type === 'step_state') {
      this.#latest.delete(entryKey(event.runId, event.step));
    }
  }

  of(runId: string, step: NodeKey): Progress | undefined {
    return this.#latest.get(entryKey(runId, step))?.event.progress;
  }

  /** What arrived after `number`, of one run if `runId` is given. */
  after(number: number, runId: string | undefined): NumberedProgress[] {
    return [...this.#latest.values()].filter(
      (entry) => entry.number > number && (runId === undefined || entry.event.runId === runId),
    );
  }
}

function entryKey(runId: string, step: NodeKey): string {
  return `${runId}\n${step}`;
}
