import type { Completion } from '../core/executor.ts';
import { checksOf, type Graph } from '../core/graph.ts';
import type { GraphNode, NodeKey } from '../core/node.ts';
import { isRunFinished } from '../core/run-state.ts';
import type { LatestStep } from './latest-steps.ts';
import type { PartitionCounts } from './partition-status.ts';

/**
 * - `running`, `waiting`: in a run that is not finished.
 * - `failed`: its latest step did not succeed.
 * - `missing`: never made.
 * - `stale`: something that it reads is newer, or stale itself; or its code is another one than when it was made.
 * - `current`: none of these.
 * - `external`: others keep it up to date.
 */
export type NodeCondition = 'running' | 'waiting' | 'failed' | 'missing' | 'stale' | 'current' | 'external';

/** Why a node is in its condition, or something that is worth knowing beside it. */
export interface StateReason {
  /** Searchable word. */
  readonly code:
    | 'running'
    | 'waits_for_steps'
    | 'waits_for_place'
    | 'failed'
    | 'skipped'
    | 'cancelled'
    | 'never_made'
    | 'upstream_newer'
    | 'upstream_behind'
    | 'code_changed'
    | 'check_failed'
    | 'partitions_failed'
    | 'partitions_stale'
    | 'partitions_missing';
  /** One sentence. */
  readonly message: string;
  /** The other node that it is about. */
  readonly about?: NodeKey;
  readonly runId?: string;
}

export interface NodeState {
  readonly key: NodeKey;
  readonly condition: NodeCondition;
  /** Empty only for `current` and `external`. */
  readonly reasons: readonly StateReason[];
  /** The latest success. */
  readonly completion?: Completion;
}

/** What `nodeStates` reads, by key. */
export interface StateFacts {
  readonly completions: ReadonlyMap<NodeKey, Completion>;
  readonly steps: ReadonlyMap<NodeKey, LatestStep>;
  /** Of nodes that have some. */
  readonly partitions?: ReadonlyMap<NodeKey, PartitionCounts>;
}

/** The state of every node of the graph, by key, in the graph's order. */
export function nodeStates(graph: Graph, facts: StateFacts): ReadonlyMap<NodeKey, NodeState> {
  const states = new Map<NodeKey, NodeState>();
  const dataAtMs = new Map<NodeKey, number>();
  for (const node of graph.nodes) {
    const completion = facts.completions.get(node.key);
    const upstreamAtMs = node.edges.map(({ from, kind }) =>
      kind === 'reads' ? (dataAtMs.get(from) ?? 0) : 0,
    );
    dataAtMs.set(node.key, completion?.finishedAtMs ?? Math.max(0, ...upstreamAtMs));
    states.set(node.key, nodeState(graph, node, facts, states, dataAtMs));
  }
  return states;
}

function nodeState(
  graph: Graph,
  node: GraphNode,
  facts: StateFacts,
  states: ReadonlyMap<NodeKey, NodeState>,
  dataAtMs: ReadonlyMap<NodeKey, number>,
): NodeState {
  const { key } = node;
  const completion = facts.completions.get(key);
  const base = { key, ...(completion ? { completion } : {}) };
  const latest = facts.steps.get(key);
  const fromStep = latest ? stepReason(latest, completion) : undefined;
  const lagging = completion
    ? [...codeReasons(node, completion), ...lagReasons(graph, node, completion, states, dataAtMs)]
    : [];
  const checks = failedChecks(graph, key, facts);
  const partitions = partitionReasons(key, facts.partitions?.get(key));
  const reasons = [...(fromStep ? [fromStep] : []), ...lagging, ...checks, ...partitions];
  if (fromStep?.code === 'running') return { ...base, condition: 'running', reasons };
  if (fromStep?.code === 'waits_for_steps' || fromStep?.code === 'waits_for_place')
    return { ...base, condition: 'waiting', reasons };
  const hasFailed =
    fromStep?.code === 'failed' || partitions.some(({ code }) => code === 'partitions_failed');
  if (hasFailed) return { ...base, condition: 'failed', reasons };
  if (node.executor === undefined) return { ...base, condition: 'external', reasons };
  if (!completion) {
    const neverMade: StateReason = { code: 'never_made', message: `${key} was never made` };
    return { ...base, condition: 'missing', reasons: [...reasons, neverMade] };
  }
  const isStale = lagging.length > 0 || partitions.some(({ code }) => code === 'partitions_stale');
  return { ...base, condition: isStale ? 'stale' : 'current', reasons };
}

/** Partitions whose latest step failed, those that are behind what they read, and those that nobody made. */
function partitionReasons(key: NodeKey, counts: PartitionCounts | undefined): readonly StateReason[] {
  const { count = 0, failed = 0, missing = 0, stale = 0 } = counts ?? {};
  const reason = (code: StateReason['code'], number: number, verb: string): readonly StateReason[] => {
    const message = `${number} of its ${count} partitions ${verb}: millrace partitions ${key}`;
    return number === 0 ? [] : [{ code, message }];
  };
  return [
    ...reason('partitions_failed', failed, failed === 1 ? 'has failed' : 'have failed'),
    ...reason('partitions_stale', stale, stale === 1 ? 'is stale' : 'are stale'),
    ...reason('partitions_missing', missing, missing === 1 ? 'is missing' : 'are missing'),
  ];
}

/** What the latest step says; nothing when it succeeded, or when a later success made it history. */
function stepReason({ step, run }: LatestStep, completion: Completion | undefined): StateReason | undefined {
  const { key, state, attempt } = step;
  const about = { runId: run.id };
  if (state === 'running') {
    return {
      ...about,
      code: 'running',
      message: `It is being made by the run ${run.id}, attempt ${attempt}`,
    };
  }
  if (state === 'pending' && !isRunFinished(run.state)) return waitReason({ step, run });
  const isHistory = completion !== undefined && completion.finishedAtMs > (step.finishedAtMs ?? 0);
  if (isHistory || state === 'succeeded') return undefined;
  const why = step.failure?.message ?? step.reason ?? '';
  const detail = why === '' ? '' : `: ${why}`;
  if (state === 'failed')
    return { ...about, code: 'failed', message: `It failed in the run ${run.id}${detail}` };
  if (state === 'skipped') {
    return { ...about, code: 'skipped', message: `The run ${run.id} skipped it${detail}` };
  }
  return { ...about, code: 'cancelled', message: `The run ${run.id} was cancelled before ${key} was made` };
}

function waitReason({ step, run }: LatestStep): StateReason {
  const states = new Map(run.steps.map(({ key, state }) => [key, state]));
  const dependsOn = run.plan.steps.find(({ key }) => key === step.key)?.dependsOn ?? [];
  const open = dependsOn.filter((key) => states.get(key) !== 'succeeded');
  if (open.length === 0) {
    const why = step.reason === undefined ? '' : `: ${step.reason}`;
    return {
      code: 'waits_for_place',
      runId: run.id,
      message: `It is next in the run ${run.id}, which is ${run.state}${why}`,
    };
  }
  const named = open.slice(0, 3).map((key) => `${key} (${states.get(key) ?? 'unknown'})`);
  const more = open.length > 3 ? ` and ${open.length - 3} more` : '';
  return {
    code: 'waits_for_steps',
    runId: run.id,
    message: `In the run ${run.id} it waits for ${named.join(', ')}${more}`,
  };
}

/** A node whose `spec` has a `fingerprint` of its code leaves the one that it was made with in the metadata of its outcome. */
function codeReasons(node: GraphNode, { metadata, finishedAtMs }: Completion): readonly StateReason[] {
  const [made, now] = [metadata['fingerprint'], node.spec['fingerprint']];
  if (typeof made !== 'string' || typeof now !== 'string' || made === now) return [];
  const message = `Its code changed since it was made at ${isoTime(finishedAtMs)}`;
  return [{ code: 'code_changed', message }];
}

/** What it reads and has not seen in its newest form. Between partitions, they themselves tell. */
function lagReasons(
  graph: Graph,
  node: GraphNode,
  completion: Completion,
  states: ReadonlyMap<NodeKey, NodeState>,
  dataAtMs: ReadonlyMap<NodeKey, number>,
): readonly StateReason[] {
  const startedAtMs = completion.finishedAtMs - completion.durationMs;
  return node.edges.flatMap(({ kind, from }): readonly StateReason[] => {
    if (kind !== 'reads') return [];
    const upstreamAtMs = dataAtMs.get(from) ?? 0;
    const arePartitions = node.partitions !== undefined && graph.byKey.get(from)?.partitions !== undefined;
    if (upstreamAtMs > startedAtMs && !arePartitions) {
      const message = `${from} was made at ${isoTime(upstreamAtMs)}, after ${node.key} began at ${isoTime(startedAtMs)}`;
      return [{ code: 'upstream_newer', message, about: from }];
    }
    const { condition } = states.get(from) ?? {};
    if (condition === undefined || condition === 'current' || condition === 'external') return [];
    return [{ code: 'upstream_behind', message: `It reads ${from}, which is ${condition}`, about: from }];
  });
}

function failedChecks(graph: Graph, key: NodeKey, { completions }: StateFacts): readonly StateReason[] {
  return checksOf(graph, key).flatMap((node): readonly StateReason[] => {
    const check = completions.get(node.key)?.check;
    if (!check || check.passed) return [];
    const message = `The check ${node.key} did not pass: ${check.message}`;
    return [{ code: 'check_failed', message, about: node.key }];
  });
}

function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}
