import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { JsonObject, JsonValue } from '../../../core/json.ts';
import type { RunRecord, StepRecord } from '../../../core/ledger.ts';
import { formatOrigin } from '../../../core/origin.ts';
import {
  artifactMetadata,
  batchResults,
  type ResultStatus,
  statusOf,
  timeText,
  writtenPath,
} from '../../../transform/index.ts';
import { stepsByKey } from './execute.ts';
import { graphKey } from './graph-key.ts';
import { relationText } from './relation-text.ts';
import type { Workspace } from './workspace.ts';

/** What came of one node, as `run_results.json` has it. */
export interface NodeResult {
  readonly id: string;
  readonly status: ResultStatus;
  readonly message: string | null;
  readonly failures: number | null;
  /** Some of the failing rows. */
  readonly sample?: string | undefined;
  readonly startedAtMs: number;
  readonly finishedAtMs: number;
  readonly compiledSql: string | undefined;
  readonly relation: string | null;
  readonly response: JsonObject;
  /** Of a microbatch model. */
  readonly batches?: JsonObject | null;
}

/** The results of the nodes, in the order in which they ended. */
export function resultsOf(
  workspace: Workspace,
  run: RunRecord,
  ids: readonly string[],
): readonly NodeResult[] {
  const { project, transform } = workspace;
  const steps = stepsByKey(run);
  const found: NodeResult[] = ids.flatMap((id) => {
    const step = steps.get(graphKey(project.graph, transform, id));
    return step ? [resultOf(workspace, id, step)] : [];
  });
  const known = new Set(ids.map((id) => graphKey(project.graph, transform, id)));
  for (const step of run.steps) {
    if (known.has(step.key) || step.state !== 'failed') continue;
    const id = `operation.${transform.name}.${transform.name}-${step.key.split('/').at(-1)?.replaceAll('_', '-')}-0`;
    found.push(resultOf(workspace, id, step));
  }
  return found.toSorted((left, right) => left.finishedAtMs - right.finishedAtMs);
}

function resultOf(workspace: Workspace, id: string, step: StepRecord): NodeResult {
  const { manifest } = workspace.transform;
  const node = manifest.byId.get(id);
  const status = statusOf({ kind: node?.kind ?? 'model' }, step);
  const now = Date.now();
  const hasSql = node !== undefined && node.kind !== 'seed' && node.kind !== 'source' && status !== 'skipped';
  // dbt counts the failures of batches as if they were tests, and finds none.
  const hasBatches = node?.kind === 'model' && node.config.microbatch !== undefined && status !== 'skipped';
  return {
    id,
    status,
    message: messageOf(step, status, node?.kind === 'test' ? node.config : undefined),
    failures: hasBatches ? 0 : failuresOf(step, id),
    sample: step.outcome?.check?.message,
    startedAtMs: step.startedAtMs ?? now,
    finishedAtMs: step.finishedAtMs ?? now,
    compiledSql: hasSql ? readCompiled(workspace, writtenPath(manifest, node)) : undefined,
    relation: relationText(node),
    response: responseOf(step),
    batches: batchResults(node, step.outcome?.metadata),
  };
}

/** A unit test fails once, however many rows differ. */
function failuresOf({ outcome }: StepRecord, id: string): number | null {
  const failures = outcome?.check?.failures ?? null;
  return failures !== null && id.startsWith('unit_test.') ? Math.min(failures, 1) : failures;
}

/** Compiled SQL as whoever ran the step has left it. */
function readCompiled({ targetFolder }: Workspace, path: string): string | undefined {
  try {
    return readFileSync(join(targetFolder, 'compiled', path), 'utf8');
  } catch {
    return undefined;
  }
}

function messageOf(
  step: StepRecord,
  status: ResultStatus,
  config: { readonly warnIf: string; readonly errorIf: string } | undefined,
): string | null {
  if (step.failure && !step.outcome?.check) return failureText(step.failure);
  if (status === 'pass' || status === 'skipped') return null;
  if (status === 'fail' || status === 'warn') {
    const failures = step.outcome?.check?.failures ?? 0;
    const rule = status === 'fail' ? `fail if ${config?.errorIf}` : `warn if ${config?.warnIf}`;
    return `Got ${failures} ${failures === 1 ? 'result' : 'results'}, configured to ${rule}`;
  }
  const message = step.outcome?.metadata['message'];
  return typeof message === 'string' ? message : 'OK';
}

function failureText(failure: NonNullable<StepRecord['failure']>): string {
  const place = failure.origin ? `${formatOrigin(failure.origin)}: ` : '';
  const next = failure.next === undefined ? '' : `\nNext: ${failure.next}`;
  return `${place}${failure.message}${next}`;
}

function responseOf({ outcome }: StepRecord): JsonObject {
  if (!outcome || outcome.check) return { _message: 'OK' };
  const message = outcome.metadata['message'];
  return {
    _message: typeof message === 'string' ? message : 'OK',
    ...(outcome.rows === undefined ? {} : { rows_affected: outcome.rows }),
  };
}

/** dbt's `run_results.json`. */
export function runResultsArtifact(
  workspace: Workspace,
  results: readonly NodeResult[],
  args: JsonObject,
): JsonObject {
  const endMs = Date.now();
  return {
    metadata: artifactMetadata('run-results/v6', { ...workspace.invocation, atMs: endMs }),
    results: results.map((result) => resultEntry(result)),
    elapsed_time: (endMs - workspace.startedAtMs) / 1000,
    args,
  };
}

function resultEntry(result: NodeResult): JsonObject {
  const { startedAtMs, finishedAtMs, compiledSql } = result;
  const isSkipped = result.status === 'skipped';
  const timing: JsonValue = isSkipped
    ? []
    : [
        { name: 'compile', started_at: timeText(startedAtMs), completed_at: timeText(startedAtMs) },
        { name: 'execute', started_at: timeText(startedAtMs), completed_at: timeText(finishedAtMs) },
      ];
  return {
    status: result.status,
    timing,
    thread_id: 'main',
    execution_time: isSkipped ? 0 : (finishedAtMs - startedAtMs) / 1000,
    adapter_response: isSkipped ? {} : result.response,
    message: result.message,
    failures: result.failures,
    unique_id: result.id,
    compiled: result.id.startsWith('seed.') ? null : compiledSql !== undefined,
    compiled_code: compiledSql ?? null,
    relation_name: result.relation,
    batch_results: result.batches ?? null,
  };
}
