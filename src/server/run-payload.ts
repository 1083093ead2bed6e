import type { RunRecord, RunSummary as LedgerSummary, StepRecord } from '../core/ledger.ts';
import type { NodeKey } from '../core/node.ts';
import { streamFigures } from '../core/stream-figures.ts';
import type { RunPayload, RunStep, RunSummary } from './contract.ts';
import type { ProgressBoard } from './progress-board.ts';

/** A run without what only the engine needs: lease, plan, checkpoints. */
export function runSummary(run: LedgerSummary): RunSummary {
  return {
    id: run.id,
    state: run.state,
    selection: run.selection,
    trigger: run.trigger,
    createdAtMs: run.createdAtMs,
    ...(run.startedAtMs === undefined ? {} : { startedAtMs: run.startedAtMs }),
    ...(run.finishedAtMs === undefined ? {} : { finishedAtMs: run.finishedAtMs }),
    ...(run.failure ? { failure: run.failure } : {}),
    stepCounts: run.stepCounts,
  };
}

export function runPayload(run: RunRecord, board: ProgressBoard): RunPayload {
  const dependencies = new Map(run.plan.steps.map((step) => [step.key, step.dependsOn]));
  return {
    ...runSummary(run),
    options: run.plan.options,
    steps: run.steps.map((step) => runStep(run.id, step, dependencies.get(step.key) ?? [], board)),
  };
}

function runStep(
  runId: string,
  step: StepRecord,
  dependsOn: readonly NodeKey[],
  board: ProgressBoard,
): RunStep {
  const streams = streamFigures(step);
  const progress = step.state === 'running' ? board.of(runId, step.key) : undefined;
  return {
    key: step.key,
    kind: step.kind,
    type: step.type,
    state: step.state,
    attempt: step.attempt,
    dependsOn,
    ...(step.startedAtMs === undefined ? {} : { startedAtMs: step.startedAtMs }),
    ...(step.finishedAtMs === undefined ? {} : { finishedAtMs: step.finishedAtMs }),
    ...(step.outcome ? { outcome: step.outcome } : {}),
    ...(step.failure ? { failure: step.failure } : {}),
    ...(step.reason === undefined ? {} : { reason: step.reason }),
    ...(progress ? { progress } : {}),
    ...(streams.length === 0 ? {} : { streams }),
  };
}
