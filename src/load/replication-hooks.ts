import type { StepContext, StepOutcome, UpstreamStep } from '../core/executor.ts';
import type { JsonObject } from '../core/json.ts';
import type { GraphNode } from '../core/node.ts';
import type { Scope } from './expression/expression.ts';
import type { HookServices } from './hooks/hook-place.ts';
import { leftBy } from './hooks/hook-leavings.ts';
import { runHooks } from './hooks/hook-run.ts';
import { statusesOf } from './hooks/hook-scope.ts';
import { runScope } from './hooks/run-scope.ts';
import { runConfig } from './hooks/run-config.ts';
import { runTimes } from './hooks/run-times.ts';
import { stepMemory } from './hooks/step-memory.ts';
import { warningsOf } from './hooks/warnings.ts';
import { replicationNodes, type NodeOptions } from './nodes.ts';
import { hookTaskKey } from './replication-hook-nodes.ts';
import type { Replication, StreamConfig } from './replication/replication.ts';
import { parseTableName, streamId } from './replication/stream-name.ts';

/** The hooks of a file in one run. */
interface ReplicationHookTask {
  readonly replication: Replication;
  /** The task of the graph that stands for them. */
  readonly node: GraphNode;
  readonly services: HookServices;
  readonly options: NodeOptions;
}

/** Runs the hooks that come before the first stream of a file, or after its last one. */
export async function runReplicationHooks(
  { replication, node, services, options }: ReplicationHookTask,
  context: StepContext,
): Promise<StepOutcome> {
  const isStart = node.spec['moment'] === 'start';
  const hooks = replication.hooks?.[isStart ? 'start' : 'end'] ?? [];
  const about = runScope(context, replication.file);
  const kept = await keptByStart(replication, context);
  const steps = isStart ? [] : ((await context.upstream?.()) ?? []);
  const left = leftBy(steps);
  const warnings: string[] = [];
  const { scope } = await runHooks(hooks, {
    context,
    origin: node.origin,
    services,
    connection: replication.target,
    scope: {
      ...about,
      ...(isStart
        ? { run: { id: context.runId, status: 'running' } }
        : summary(replication, steps, { about, beganAtMs: context.runStartedAtMs }, options)),
      source: { name: replication.source },
      target: { name: replication.target },
      env: { ...replication.env, ...kept.env },
      state: left.state,
      store: { ...kept.store, ...left.store },
    },
    key: isStart ? 'start' : 'end',
    memory: stepMemory(context.checkpoint, (all) => context.saveCheckpoint(all)),
    onWarning: (message) => warnings.push(message),
  });
  const env = Object.entries((scope['env'] ?? {}) as Readonly<Record<string, string>>);
  return {
    metadata: {
      ...warningsOf(warnings),
      hooks: hooks.length,
      statuses: statusesOf(scope),
      store: scope['store'] ?? {},
      env: Object.fromEntries(env.filter(([name, value]) => replication.env[name] !== value)),
    },
  };
}

/** What hooks stored at the start of a file in this run, for its streams and its end. */
export interface KeptValues {
  readonly store: JsonObject;
  /** How the hooks with an id ended, by it. */
  readonly statuses: JsonObject;
  /** Variables that were set or changed. */
  readonly env: Readonly<Record<string, string>>;
}

export async function keptByStart({ file, hooks }: Replication, context: StepContext): Promise<KeptValues> {
  const nothing = { store: {}, statuses: {}, env: {} };
  if (!hooks || hooks.start.length === 0) return nothing;
  const steps = (await context.upstream?.()) ?? [];
  const start = steps.find(({ key }) => key === hookTaskKey(file, 'start'));
  return { ...nothing, ...(start?.outcome?.metadata as Partial<KeptValues> | undefined) };
}

/** `runs.<stream>`, and `run` and `execution` for all of them together. */
function summary(
  replication: Replication,
  steps: readonly UpstreamStep[],
  { about, beganAtMs }: { readonly about: Scope; readonly beganAtMs: number | undefined },
  options: NodeOptions,
): Scope {
  const nodes = replicationNodes(replication, options).filter(({ kind }) => kind === 'asset');
  const runs: Record<string, JsonObject> = {};
  for (const step of steps) {
    const node = nodes.find(({ key }) => key === step.key);
    const stream = replication.streams.find(({ name }) => name === node?.spec['stream']);
    if (node && stream) runs[streamId(stream)] = { ...runOf(step), ...endsOf(node, stream, replication) };
  }
  const all = Object.values(runs);
  const count = (status: string): number => all.filter((run) => run['status'] === status).length;
  const sum = (name: string): number => all.reduce((total, run) => total + Number(run[name] ?? 0), 0);
  const failed = steps.filter(({ state }) => state === 'failed');
  const totals = { total_rows: sum('total_rows'), total_bytes: sum('total_bytes') };
  const status = failed.length === 0 ? 'success' : 'error';
  const ends = steps.flatMap(({ finishedAtMs }) => finishedAtMs ?? []);
  const endedAtMs = ends.length === 0 ? undefined : Math.max(...ends);
  const error = failed[0]?.failure?.message ?? null;
  return {
    runs,
    run: { id: (about['execution'] as JsonObject)['id'] ?? '', status, error, ...totals },
    execution: {
      ...(about['execution'] as JsonObject),
      ...runTimes(beganAtMs, endedAtMs),
      ...totals,
      error,
      status: {
        count: all.length,
        success: count('success'),
        error: failed.length,
        skipped: count('skipped'),
      },
    },
  };
}

/** The stream of a run, and the table that it goes into. */
function endsOf(
  { key, relation }: GraphNode,
  stream: StreamConfig,
  { source, target }: Pick<Replication, 'source' | 'target'>,
): JsonObject {
  const { schema = '', name = key } = relation ?? {};
  const fullName = schema === '' ? name : `${schema}.${name}`;
  const isTable = !stream.name.startsWith('file://') && stream.sql === undefined;
  const from = isTable ? parseTableName(stream.name, '') : undefined;
  return {
    id: streamId(stream),
    stream: {
      name: stream.name,
      id: streamId(stream),
      description: stream.description,
      ...(from ? { schema: from.schema, table: from.name } : {}),
    },
    object: { schema, name, table: name, full_name: fullName },
    config: runConfig(stream, { source, target, object: fullName }),
  };
}

function runOf({ state, outcome, failure, startedAtMs, finishedAtMs }: UpstreamStep): JsonObject {
  const status = state === 'succeeded' ? 'success' : state === 'failed' ? 'error' : state;
  return {
    ...outcome?.metadata,
    ...runTimes(startedAtMs, finishedAtMs),
    status,
    total_rows: Number(outcome?.metadata['rowsRead'] ?? 0),
    total_bytes: outcome?.bytes ?? 0,
    error: failure?.message ?? null,
  };
}
