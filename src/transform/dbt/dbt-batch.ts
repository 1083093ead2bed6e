import type { RunRecord } from '../../core/ledger.ts';
import { nodeOf } from '../../core/plan.ts';
import { isStepFinished } from '../../core/run-state.ts';
import type { Manifest } from '../reading/manifest.ts';
import { isEphemeral } from './dbt-arguments.ts';

/**
 * The nodes that dbt may build now, in one go: those of the run's steps that are not done and wait for nothing but each
 * other. What waits for a load that is still going on is left for later, and so is what is about other partitions: all that
 * is built in one go is given the same stretch of time and variables.
 * @param partitions those that the step is about for which dbt is called
 */
export function readyIds(
  manifest: Manifest,
  run: Pick<RunRecord, 'plan' | 'steps'>,
  partitions?: string,
): readonly string[] {
  const states = new Map(run.steps.map(({ key, state }) => [key, state]));
  const ready = new Set<string>();
  const ids: string[] = [];
  for (const step of run.plan.steps) {
    const state = states.get(step.key);
    const node = manifest.byKey.get(nodeOf(step));
    if (step.partitions?.text !== partitions) continue;
    if (!node || node.kind === 'source' || state === undefined || isStepFinished(state)) continue;
    if (!step.dependsOn.every((key) => states.get(key) === 'succeeded' || ready.has(key))) continue;
    ready.add(step.key);
    if (!isEphemeral(node)) ids.push(node.uniqueId);
  }
  return ids;
}

/** Whether the run still wants its steps done. */
export function isWanted(run: Pick<RunRecord, 'state'> | undefined): boolean {
  return run?.state === 'running' || run?.state === 'queued';
}
