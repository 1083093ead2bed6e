import { ConfigError } from '../../core/errors.ts';
import type { Graph } from '../../core/graph.ts';
import type { GraphNode, NodeKey } from '../../core/node.ts';
import type { PartitionWorld } from '../../core/partition/calendar.ts';
import { checkMapping, correspond } from '../../core/partition/mapping.ts';
import { boxSet, isEmpty, unionAll, type PartitionSet } from '../../core/partition/partition-set.ts';
import {
  checkPartitions,
  openSpace,
  parseSet,
  type PartitionSpace,
} from '../../core/partition/partition-space.ts';

/** The partitions of a node that a run or a backfill is about. */
export interface PartitionTarget {
  readonly space: PartitionSpace;
  readonly set: PartitionSet;
}

/**
 * What `text` (see `parseSet`) means for each of the nodes that has partitions, by key; `nodes` are in the graph's order. A node
 * whose partitions it does not name, because they have other dimensions, gets those that read what is meant of the nodes upstream of it.
 * Without a text it is the newest window that is over, with every key of the other dimensions; a node that has none yet is left out.
 * Throws a `ConfigError` with code `partition_unknown`, `partition_selection_invalid`, `partition_none` or `partitions_missing`.
 */
export function partitionTargets(
  nodes: readonly GraphNode[],
  text: string | undefined,
  world: PartitionWorld,
): ReadonlyMap<NodeKey, PartitionTarget> {
  const targets = new Map<NodeKey, PartitionTarget>();
  for (const node of nodes) {
    if (!node.partitions) continue;
    const space = openSpace(node.partitions, world);
    const set = text === undefined ? latestOf(space) : namedOrRead(node, space, text, targets);
    targets.set(node.key, { space, set });
  }
  if (text !== undefined && targets.size === 0) throw notPartitioned(text);
  const isNothing = [...targets.values()].every(({ set }) => isEmpty(set));
  const hasOthers = nodes.some(({ partitions }) => !partitions);
  if (targets.size > 0 && isNothing && (text !== undefined || !hasOthers)) {
    throw noPartitions(text, [...targets.keys()]);
  }
  return targets;
}

/** The newest window of each time dimension, with all that there is of the others. */
export function latestOf({ axes, everything }: PartitionSpace): PartitionSet {
  if (isEmpty(everything)) return everything;
  return boxSet(axes.map(({ grid, from, to }) => ({ from: grid ? to - 1 : from, to })));
}

function namedOrRead(
  node: GraphNode,
  space: PartitionSpace,
  text: string,
  targets: ReadonlyMap<NodeKey, PartitionTarget>,
): PartitionSet {
  try {
    return parseSet(space, text);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const read = node.edges.flatMap(({ from, partitions }) => {
      const upstream = targets.get(from);
      return upstream ? [correspond(space, upstream.space, partitions).readersOf(upstream.set)] : [];
    });
    if (read.length > 0) return unionAll(space.axes.length, read);
    throw new ConfigError(`${node.key}: ${error.message}`, {
      code: error.code,
      origin: node.origin,
      ...(error.state === undefined ? {} : { state: error.state }),
      ...(error.next === undefined ? {} : { next: error.next }),
    });
  }
}

/** Throws a `ConfigError` at the place of the first node whose partitions, or whose mapping of another's, are wrong. */
export function checkNodePartitions(graph: Graph, world: PartitionWorld): void {
  for (const node of graph.nodes) {
    try {
      if (node.partitions) checkPartitions(node.partitions, world);
      for (const { from, partitions } of node.edges) {
        const upstream = graph.byKey.get(from)?.partitions;
        if (!partitions || partitions.kind === 'all') continue;
        if (!node.partitions || !upstream) throw nothingToMap(from, node.partitions === undefined);
        checkMapping(openSpace(node.partitions, world), openSpace(upstream, world), partitions);
      }
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      throw new ConfigError(`${node.key}: ${error.message}`, {
        code: error.code,
        origin: node.origin,
        ...(error.state === undefined ? {} : { state: error.state }),
        ...(error.next === undefined ? {} : { next: error.next }),
      });
    }
  }
}

function nothingToMap(from: NodeKey, isReader: boolean): ConfigError {
  return new ConfigError(
    isReader
      ? `It maps partitions of ${from}, but has none itself`
      : `It maps partitions of ${from}, which has none`,
    { code: 'partition_mapping_invalid', next: 'Remove the mapping, or add partitions.' },
  );
}

function notPartitioned(text: string): ConfigError {
  return new ConfigError(`Nothing that is selected has partitions, so "${text}" names none`, {
    code: 'partitions_missing',
    next: 'Select an asset with partitions, or leave --partition out.',
  });
}

function noPartitions(text: string | undefined, keys: readonly NodeKey[]): ConfigError {
  const what = text === undefined ? 'a partition' : `a partition in "${text}"`;
  return new ConfigError(`None of ${keys.slice(0, 5).join(', ')} has ${what} yet`, {
    code: 'partition_none',
    state: 'A window of time is a partition once it is over; keys of a list have to be added.',
    next: `See which there are: millrace partitions ${keys[0] ?? ''}`,
  });
}
