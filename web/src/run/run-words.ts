import type { RunState, RunSummary } from '../../../src/server/contract.ts';

/** `everything`, or the selection as it was written. */
export function selectionWords(run: Pick<RunSummary, 'selection'>): string {
  return run.selection === '' ? 'everything' : run.selection;
}

const triggerNames = {
  command: 'command line',
  page: 'this page',
  code: 'code',
  schedule: 'schedule',
  sensor: 'sensor',
  webhook: 'webhook',
  condition: 'its condition',
  trigger: 'trigger',
} as const;

export function triggerWords({ trigger }: Pick<RunSummary, 'trigger'>): string {
  const name = trigger.schedule ?? trigger.name;
  return name === undefined ? triggerNames[trigger.kind] : `${triggerNames[trigger.kind]} ${name}`;
}

/** Run ids begin with their time; the last part tells them apart. */
export function shortRunId(runId: string): string {
  return runId.slice(runId.lastIndexOf('-') + 1);
}

export function isFinished(state: RunState): boolean {
  return state === 'succeeded' || state === 'failed' || state === 'cancelled';
}

/** How long a run has taken so far or took; undefined before it started. */
export function runDurationMs(
  run: Pick<RunSummary, 'startedAtMs' | 'finishedAtMs'>,
  nowMs: number,
): number | undefined {
  return run.startedAtMs === undefined ? undefined : (run.finishedAtMs ?? nowMs) - run.startedAtMs;
}
