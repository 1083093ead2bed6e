import type { UpstreamStep } from '../core/executor.ts';
import type { JsonObject } from '../core/json.ts';
import { runDictionary } from './compile/run-scope.ts';
import { PlainObject } from './context/plain-object.ts';
import { fromJs, type Value } from './jinja/index.ts';
import { batchesBetween } from './manifest/batches.ts';
import type { TransformNode } from './manifest/transform-node.ts';
import type { Step } from './step.ts';

/** dbt's `batch_results` of a microbatch model that was built: the time of each batch. Null for what has no batches. */
export function batchResults(
  node: TransformNode | undefined,
  metadata: JsonObject | undefined,
): JsonObject | null {
  const { firstBatchMs, lastBatchMs } = metadata ?? {};
  if (node?.kind !== 'model' || !node.config.microbatch) return null;
  if (typeof firstBatchMs !== 'number' || typeof lastBatchMs !== 'number') return null;
  const batches = batchesBetween(firstBatchMs, lastBatchMs, node.config.microbatch.batchSize);
  const text = (ms: number): string => new Date(ms).toISOString().replace('.000Z', '+00:00');
  return { successful: batches.map(({ startMs, endMs }) => [text(startMs), text(endMs)]), failed: [] };
}

/** dbt's `results` of `on-run-end`: what became of every node of the run. */
export async function runResults({ project, context, durations }: Step): Promise<Value[]> {
  const secondsOf = (key: string): number => (durations.get(key) ?? 0) / 1000;
  const steps = (await context.upstream?.()) ?? [];
  return steps.flatMap((step) => {
    const node = project.manifest.byKey.get(step.key);
    return node ? [resultValue(node, step, runDictionary(project.manifest, node), secondsOf)] : [];
  });
}

function resultValue(
  node: TransformNode,
  step: UpstreamStep,
  dictionary: ReturnType<typeof runDictionary>,
  secondsOf: (key: string) => number,
): Value {
  const { outcome, failure } = step;
  return new PlainObject([
    ['status', statusOf(node, step)],
    ['node', new PlainObject(Object.entries(dictionary))],
    ['unique_id', node.uniqueId],
    ['message', failure?.message ?? outcome?.check?.message ?? 'OK'],
    ['failures', outcome?.check?.failures ?? null],
    ['execution_time', secondsOf(step.key)],
    ['thread_id', 'main'],
    ['timing', []],
    ['adapter_response', fromJs({ _message: 'OK', rows_affected: outcome?.rows ?? null })],
  ]);
}

export type ResultStatus = 'success' | 'error' | 'skipped' | 'pass' | 'fail' | 'warn';

/** dbt's word for how a step ended. */
export function statusOf(
  node: Pick<TransformNode, 'kind'>,
  { state, outcome }: Pick<UpstreamStep, 'state' | 'outcome'>,
): ResultStatus {
  if (state === 'skipped' || state === 'cancelled' || state === 'pending') return 'skipped';
  if (node.kind !== 'test') return state === 'succeeded' ? 'success' : 'error';
  if (!outcome?.check) return 'error';
  if (state === 'failed') return 'fail';
  return outcome.check.passed && !outcome.check.message.startsWith('warn') ? 'pass' : 'warn';
}
