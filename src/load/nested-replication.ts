import { readFile } from 'node:fs/promises';
import { relative, sep } from 'node:path';
import type { Environment } from '../config/environment.ts';
import { ConfigError, toFailure } from '../core/errors.ts';
import type { Executor, StepContext, StepOutcome, UpstreamStep } from '../core/executor.ts';
import type { JsonObject, JsonValue } from '../core/json.ts';
import type { GraphNode } from '../core/node.ts';
import type { ReplicationRequest } from './hooks/hook-place.ts';
import { replicationNodes, type NodeOptions } from './nodes.ts';
import { warningsOf } from './hooks/warnings.ts';
import { readReplication } from './project.ts';
import { commandPermission } from './replication/hook.ts';
import type { Replication } from './replication/replication.ts';
import { selectStreams } from './replication/stream-selection.ts';

interface Surroundings {
  readonly projectFolder: string;
  readonly environment: Environment;
  /** Files of the replications within which this one is run. */
  readonly within: readonly string[];
  readonly options: NodeOptions;
}

/**
 * Runs a replication file within a step: its streams one after another, each as in a run of its own. One that
 * fails does not keep the others from loading; the first failure is thrown at the end. What an earlier attempt has
 * loaded, and the streams say the same still, is not loaded again.
 */
export async function runNested(
  request: ReplicationRequest,
  context: StepContext,
  surroundings: Surroundings,
  executorFor: (replication: Replication, path: string) => Executor,
): Promise<JsonObject> {
  const replication = await readNested(request, surroundings);
  for (const { message } of replication.warnings) context.log(`${replication.file}: ${message}`, 'warn');
  const executor = executorFor(replication, request.path);
  const kept = keptSteps(request);
  const done: UpstreamStep[] = [];
  const failures: unknown[] = [];
  for (const node of replicationNodes(replication, surroundings.options)) {
    const earlier = kept.find(({ step, spec }) => step.key === node.key && isSame(spec, node.spec));
    if (earlier) {
      context.log(`${node.key}: done by an earlier attempt`);
      done.push(earlier.step);
      continue;
    }
    if (isSkipped(node, done)) {
      done.push({ key: node.key, state: 'skipped' });
      continue;
    }
    const startedAtMs = Date.now();
    try {
      const outcome = await executor.execute(node, nestedContext(context, request, node, done));
      const times = { startedAtMs, finishedAtMs: Date.now() };
      const step: UpstreamStep = { key: node.key, state: 'succeeded', outcome, ...times };
      done.push(step);
      kept.push({ step, spec: node.spec });
      await request.memory?.keep(request.key, plain(kept));
    } catch (error) {
      if (context.signal.aborted) throw error;
      const failure = toFailure(error);
      context.log(`${node.key}: ${failure.message}`, 'error');
      done.push({ key: node.key, state: 'failed', failure, startedAtMs, finishedAtMs: Date.now() });
      failures.push(error);
    }
  }
  if (failures.length > 0) throw failures[0];
  return figuresOf(done.flatMap(({ outcome }) => outcome ?? []));
}

async function readNested(
  { path, text: given, streams, mode, range, env }: ReplicationRequest,
  { projectFolder, environment, within }: Surroundings,
): Promise<Replication> {
  const file = relative(projectFolder, path).split(sep).join('/');
  if (within.includes(path)) {
    throw new ConfigError(`${file} runs itself, by its hooks or those of others`, {
      code: 'replication_circle',
      origin: { file },
      next: 'Take the hook of type replication out of one of them',
    });
  }
  const text = given ?? (await readText(path, file));
  const overrides = {
    ...(mode === undefined ? {} : { mode }),
    ...(range === undefined ? {} : { source_options: { range } }),
  };
  const names = { ...environment, ...env, [commandPermission]: environment[commandPermission] };
  const replication = readReplication(text, file, names, projectFolder, overrides);
  return selectStreams(withEnv(replication, env), streams);
}

async function readText(path: string, file: string): Promise<string> {
  return readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new ConfigError(`${file} cannot be read (${error.code})`, {
      code: 'file_unreadable',
      origin: { file },
      next: 'Correct the path; it begins in the folder of the project',
    });
  });
}

/** The variables of the hook count where the file has none of its own. */
function withEnv(replication: Replication, env: Readonly<Record<string, string>>): Replication {
  return { ...replication, env: { ...env, ...replication.env } };
}

/** A step that worked, and the node that it was of. */
interface KeptStep {
  readonly step: UpstreamStep;
  readonly spec: JsonObject;
}

function keptSteps({ memory, key }: ReplicationRequest): KeptStep[] {
  return [...((memory?.recall(key) ?? []) as unknown as readonly KeptStep[])];
}

function isSame(one: JsonObject, other: JsonObject): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

function plain(steps: readonly KeptStep[]): JsonValue {
  return JSON.parse(JSON.stringify(steps)) as JsonValue;
}

function isSkipped(node: GraphNode, done: readonly UpstreamStep[]): boolean {
  if (node.always) return false;
  return node.edges.some(({ from }) => done.some(({ key, state }) => key === from && state !== 'succeeded'));
}

function nestedContext(
  context: StepContext,
  request: ReplicationRequest,
  node: GraphNode,
  done: readonly UpstreamStep[],
): StepContext {
  const { memory } = request;
  const within = `${request.key} ${node.key}`;
  return {
    ...context,
    idempotencyKey: `${context.idempotencyKey} ${within}`,
    upstream: async () => done,
    checkpoint: memory?.recall(within),
    saveCheckpoint: async (value) => memory?.keep(within, value),
  };
}

function figuresOf(outcomes: readonly StepOutcome[]): JsonObject {
  const sum = (name: string): number =>
    outcomes.reduce((total, { metadata }) => total + Number(metadata[name] ?? 0), 0);
  return {
    total_rows: sum('rowsRead'),
    total_bytes: outcomes.reduce((total, { bytes = 0 }) => total + bytes, 0),
    rows_inserted: sum('rowsInserted'),
    rows_updated: sum('rowsUpdated'),
    streams: outcomes.length,
    ...warningsOf(outcomes.flatMap(({ metadata }) => (metadata['warnings'] ?? []) as readonly string[])),
  };
}
