import type { StepRecord } from '../core/ledger.ts';
import type { NodeKey } from '../core/node.ts';
import { nodeOf } from '../core/plan.ts';
import { isRunFinished, stepUrgency } from '../core/run-state.ts';
import type { LedgerReader } from './host.ts';

/** How many runs back a node's last failure is looked for. Older nodes show their last success. */
const runsLookedAt = 25;

export interface LatestStep extends StepRecord {
  readonly runId: string;
}

/** The latest step of each node in the recent runs. Finished runs do not change and are read once. */
export class LatestSteps {
  readonly #ledger: LedgerReader;
  readonly #finished = new Map<string, readonly StepRecord[]>();

  constructor(ledger: LedgerReader) {
    this.#ledger = ledger;
  }

  async read(): Promise<readonly LatestStep[]> {
    const runs = await this.#ledger.listRuns({ limit: runsLookedAt });
    const latest = new Map<NodeKey, LatestStep>();
    for (const run of runs) {
      const steps = await this.#stepsOf(run.id);
      for (const step of steps) {
        const key = nodeOf(step);
        const known = latest.get(key);
        const isMoreTelling = known?.runId === run.id && stepUrgency(step.state) > stepUrgency(known.state);
        if (!known || isMoreTelling) latest.set(key, { ...step, key, runId: run.id });
      }
    }
    this.#forgetAllBut(new Set(runs.map((run) => run.id)));
    return [...latest.values()];
  }

  async #stepsOf(runId: string): Promise<readonly StepRecord[]> {
    const known = this.#finished.get(runId);
    if (known) return known;
    const run = await this.#ledger.findRun(runId);
    if (!run) return [];
    if (isRunFinished(run.state)) this.#finished.set(runId, run.steps);
    return run.steps;
  }

  #forgetAllBut(runIds: ReadonlySet<string>): void {
    for (const runId of this.#finished.keys()) {
      if (!runIds.has(runId)) this.#finished.delete(runId);
    }
  }
}
