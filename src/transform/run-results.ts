import type { CheckOutcome, UpstreamStep } from '../core/executor.ts';
import type { JsonObject } from '../core/json.ts';
import { runDictionary } from './compile/run-scope.ts';
import { dateFromText } from './context/date-time.ts';
import { PlainObject } from './context/plain-object.ts';
import { fromJs, mappingOf, printed, type Value } from './jinja/index.ts';
import { batchesBetween } from './manifest/batches.ts';
import type { TransformNode } from './manifest/transform-node.ts';
import type { Step, StepTiming } from './step.ts';

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
export async function runResults({ project, context, timings }: Step): Promise<Value[]> {
  const steps = (await context.upstream?.()) ?? [];
  return steps.flatMap((step) => {
    const node = project.manifest.byKey.get(step.key);
    return node
      ? [resultValue(node, step, runDictionary(project.manifest, node), timings.get(step.key))]
      : [];
  });
}

function resultValue(
  node: TransformNode,
  step: UpstreamStep,
  dictionary: ReturnType<typeof runDictionary>,
  timing: StepTiming | undefined,
): Value {
  const { outcome, failure } = step;
  return new PlainObject([
    ['status', statusOf(node, step)],
    ['node', nodeValue(dictionary)],
    ['unique_id', node.uniqueId],
    ['message', failure?.message ?? (outcome?.check ? checkMessage(outcome.check) : 'OK')],
    ['failures', outcome?.check?.failures ?? null],
    ['execution_time', timing ? (timing.endedAtMs - timing.startedAtMs) / 1000 : 0],
    ['thread_id', 'main'],
    ['timing', timing ? timingValues(timing) : []],
    ['adapter_response', fromJs({ _message: 'OK', rows_affected: outcome?.rows ?? null })],
  ]);
}

/** The node's configuration is an object that gives None for what nobody configured, as dbt's does. */
function nodeValue(dictionary: ReturnType<typeof runDictionary>): Value {
  return new PlainObject(
    Object.entries(dictionary).map(([key, value]) => {
      const mapping = key === 'config' ? mappingOf(value) : undefined;
      if (!mapping) return [key, value];
      return [
        key,
        new PlainObject(
          mapping.keys().map((name) => [printed(name), mapping.get(name) ?? null]),
          null,
        ),
      ];
    }),
  );
}

function checkMessage({ passed, message }: CheckOutcome): Value {
  return passed ? null : message;
}

function timingValues({ startedAtMs, endedAtMs }: StepTiming): Value {
  const spans = [
    ['compile', startedAtMs, startedAtMs],
    ['execute', startedAtMs, endedAtMs],
  ] as const;
  return spans.map(
    ([name, from, to]) =>
      new PlainObject([
        ['name', name],
        ['started_at', utcNaive(from)],
        ['completed_at', utcNaive(to)],
      ]),
  );
}

/** `datetime` without a zone, as dbt keeps times of nodes. */
function utcNaive(ms: number): Value {
  return dateFromText(new Date(ms).toISOString(), 'timestamp');
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
