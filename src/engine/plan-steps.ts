import { ConfigError } from '../core/errors.ts';
import { defaultRetryPolicy, type GraphNode, type NodeKey } from '../core/node.ts';
import { isEmpty, type PartitionSet } from '../core/partition/partition-set.ts';
import type { PlanStep } from '../core/plan.ts';
import {
  countParts,
  edgeBetween,
  indexParts,
  partsBefore,
  type PartsOfNode,
} from './partition/partition-steps.ts';
import type { PartitionTarget } from './partition/partition-targets.ts';

export type RunnableNode = GraphNode & { readonly executor: string };

/** Most steps about partitions in one run: a plan is one value, and is read whole. */
export const maxPartitionSteps = 2000;

/**
 * The steps of nodes, which are in an order in which they may run: one each, or for a node with partitions one for every part of
 * what is to be made of them. A part waits for those that make what its partitions read; where there are others in between, or
 * no partitions on one of both sides, for all. Throws a `ConfigError` with code `partitions_too_many`.
 */
export function makeSteps(
  nodes: readonly RunnableNode[],
  dependencies: ReadonlyMap<NodeKey, ReadonlySet<NodeKey>>,
  targets: ReadonlyMap<NodeKey, PartitionTarget>,
): readonly PlanStep[] {
  requireFew(nodes, targets);
  const made = new Map<NodeKey, PartsOfNode>();
  const keysOf = (key: NodeKey): readonly NodeKey[] => made.get(key)?.parts.map((part) => part.key) ?? [key];
  return nodes.flatMap((node) => {
    const needed = [...(dependencies.get(node.key) ?? [])];
    const target = node.partitions && targets.get(node.key);
    if (!target) return [makeStep(node, needed.flatMap(keysOf))];
    const own = isEmpty(target.set) ? { parts: [], target, holding: () => [] } : indexParts(node, target);
    made.set(node.key, own);
    const before = partsBefore(node, own);
    const finders = needed.map((key) => finderOf(node, own, key, made.get(key)));
    return own.parts.map(({ key, set, partitions, locks }) => {
      const previous = before.get(key);
      const dependsOn = [
        ...finders.flatMap((find) => find(set)),
        ...(previous === undefined ? [] : [previous]),
      ];
      return { ...makeStep(node, dependsOn), key, node: node.key, partitions, locks };
    });
  });
}

/** The steps of `key` that a part of `node` has to wait for. */
function finderOf(
  node: GraphNode,
  { target }: PartsOfNode,
  key: NodeKey,
  upstream: PartsOfNode | undefined,
): (set: PartitionSet) => readonly NodeKey[] {
  if (!upstream) return () => [key];
  const all = upstream.parts.map((part) => part.key);
  const relation = edgeBetween(node, target.space, key, upstream.target.space);
  return (set) => (relation ? upstream.holding(relation.upstreamOf(set)) : all);
}

function makeStep(node: RunnableNode, dependsOn: readonly NodeKey[]): PlanStep {
  return {
    key: node.key,
    kind: node.kind,
    type: node.type,
    executor: node.executor,
    dependsOn: [...new Set(dependsOn)].sort(),
    locks: node.kind === 'asset' || node.kind === 'sync' || node.kind === 'task' ? [node.key] : [],
    ...(node.check ? { check: node.check } : {}),
    retry: node.retry ?? defaultRetryPolicy,
    ...(node.timeoutSeconds === undefined ? {} : { timeoutSeconds: node.timeoutSeconds }),
    ...(node.pool === undefined ? {} : { pool: node.pool }),
    ...(node.runsOn === undefined ? {} : { runsOn: node.runsOn }),
    ...(node.always ? { always: true } : {}),
    ...(node.forEach === undefined ? {} : { forEach: node.forEach }),
    ...(node.itemsAtOnce === undefined ? {} : { itemsAtOnce: node.itemsAtOnce }),
  };
}

function requireFew(nodes: readonly GraphNode[], targets: ReadonlyMap<NodeKey, PartitionTarget>): void {
  const steps = nodes.reduce((total, node) => {
    const target = targets.get(node.key);
    return target ? total + countParts(node, target) : total;
  }, 0);
  if (steps <= maxPartitionSteps) return;
  throw new ConfigError(
    `This run would have ${steps} steps about partitions; a run may have ${maxPartitionSteps}`,
    {
      code: 'partitions_too_many',
      state: 'Nothing was run.',
      next: 'Use a backfill, which makes many runs of it: millrace backfill <selection> --partition <from>..<to>',
    },
  );
}
