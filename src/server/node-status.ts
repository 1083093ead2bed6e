import type { Completion } from '../core/executor.ts';
import type { FreshnessState } from '../core/freshness.ts';
import type { ColumnDoc, GraphNode, NodeKey } from '../core/node.ts';
import type { NodePayload, NodeState, NodeStatus } from './contract.ts';
import type { LatestStep } from './latest-steps.ts';

/** How every node is now: the state of its latest step, the figures of its latest success. */
export function nodeStatuses(
  nodes: readonly GraphNode[],
  completions: readonly Completion[],
  steps: readonly LatestStep[],
  freshness: ReadonlyMap<NodeKey, FreshnessState> = new Map(),
): NodeStatus[] {
  const completionOf = new Map(completions.map((completion) => [completion.key, completion]));
  const stepOf = new Map(steps.map((step) => [step.key, step]));
  return nodes.map((node) => {
    const status = nodeStatus(node, completionOf.get(node.key), stepOf.get(node.key));
    const expected = freshness.get(node.key);
    return expected ? { ...status, freshness: expected } : status;
  });
}

function nodeStatus(
  node: GraphNode,
  completion: Completion | undefined,
  step: LatestStep | undefined,
): NodeStatus {
  const runId = step?.runId ?? completion?.runId;
  return {
    key: node.key,
    state: nodeState(node, completion, step),
    ...(runId === undefined ? {} : { runId }),
    ...(completion ? { succeededAtMs: completion.finishedAtMs, durationMs: completion.durationMs } : {}),
    ...(completion?.rows === undefined ? {} : { rows: completion.rows }),
    ...(completion?.check ? { check: completion.check } : {}),
    ...(step?.failure ? { failure: step.failure } : {}),
  };
}

function nodeState(
  node: GraphNode,
  completion: Completion | undefined,
  step: LatestStep | undefined,
): NodeState {
  if (step) return step.state;
  if (completion) return 'succeeded';
  return node.executor === undefined ? 'external' : 'never';
}

/** Everything that the project says about one node, with its neighbours. */
export function nodePayload(
  node: GraphNode,
  nodes: readonly GraphNode[],
  history: readonly Completion[],
): NodePayload {
  const readers = nodes.filter((other) => other.edges.some((edge) => edge.from === node.key));
  const isOwnCheck = (other: GraphNode): boolean => other.check?.asset === node.key;
  return {
    key: node.key,
    kind: node.kind,
    type: node.type,
    description: node.description,
    group: node.group,
    tags: node.tags,
    origin: node.origin,
    ...(node.relation ? { relation: node.relation } : {}),
    columns: currentColumns(node.columns, history[0]?.columns ?? []),
    runnable: node.executor !== undefined,
    hasPartitions: node.partitions !== undefined,
    ...(node.check ? { check: node.check } : {}),
    upstream: keysOf(node.edges.map((edge) => edge.from)),
    downstream: keysOf(readers.filter((other) => !isOwnCheck(other)).map((other) => other.key)),
    checks: keysOf(readers.filter(isOwnCheck).map((other) => other.key)),
    history,
  };
}

/** Types as the last success found them, descriptions as the project gives them. */
function currentColumns(documented: readonly ColumnDoc[], found: readonly ColumnDoc[]): ColumnDoc[] {
  const foundOf = new Map(found.map((column) => [column.name.toLowerCase(), column]));
  const names = new Set(documented.map((column) => column.name.toLowerCase()));
  return [
    ...documented.map((column) => ({ ...foundOf.get(column.name.toLowerCase()), ...column })),
    ...found.filter((column) => !names.has(column.name.toLowerCase())),
  ];
}

function keysOf(keys: readonly NodeKey[]): NodeKey[] {
  return [...new Set(keys)].sort();
}
