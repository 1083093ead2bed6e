import type { StepOutcome } from '../../src/core/executor.ts';
import type { Plan } from '../../src/core/plan.ts';
import type { RunStore } from '../../src/core/ports.ts';

const retry = { maxAttempts: 1, delaySeconds: 1, maxDelaySeconds: 1 };

function planOf(key: string): Plan {
  const step = { key, kind: 'asset', type: 'table', executor: 'x', dependsOn: [], locks: [], retry } as const;
  return { selection: key, manifestHash: 'h', steps: [step], options: { fullRefresh: false } };
}

/** Writes a run of one step that ends at `atMs`. */
export async function writeRun(
  store: RunStore,
  key: string,
  atMs: number,
  outcome: StepOutcome | undefined,
): Promise<void> {
  const runId = `${key}-${atMs}`;
  await store.createRun({ id: runId, plan: planOf(key), trigger: { kind: 'code' }, createdAtMs: atMs });
  const claim = { runId, owner: 'me', expectedEpoch: 0, atMs, expiresAtMs: atMs + 1000, resetReason: 'died' };
  const lease = await store.claimRun(claim);
  if (!lease) throw new Error('the run could not be claimed');
  await store.moveRun(lease, { to: 'running', atMs });
  await store.startStep(lease, { step: key, attempt: 1, atMs, locks: [] });
  const to = outcome ? 'succeeded' : 'failed';
  const failure = outcome ? undefined : ({ kind: 'fatal', code: 'broken', message: 'it broke' } as const);
  await store.moveSteps(lease, [{ step: key, to, attempt: 1, atMs, outcome, failure }]);
  await store.moveRun(lease, { to, atMs, failure });
}
