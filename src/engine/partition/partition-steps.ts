import { partitionLock } from '../../core/lock.ts';
import type { GraphNode, NodeKey } from '../../core/node.ts';
import { correspond, type Correspondence } from '../../core/partition/mapping.ts';
import {
  boxesOf,
  boxSet,
  intersection,
  isEmpty,
  type Box,
  type PartitionSet,
} from '../../core/partition/partition-set.ts';
import { toStepPartitions, type PartitionSpace } from '../../core/partition/partition-space.ts';
import type { StepPartitions } from '../../core/partitions.ts';
import type { PartitionTarget } from './partition-targets.ts';

/** A part of a node's partitions that one step makes. */
export interface PartitionPart {
  /** The step's key. */
  readonly key: NodeKey;
  readonly set: PartitionSet;
  readonly partitions: StepPartitions;
  readonly locks: readonly string[];
}

/** Cuts what is to be made of a node into what its steps make, in order. */
export function cutIntoParts(node: GraphNode, { space, set }: PartitionTarget): readonly PartitionPart[] {
  return boxesFor(node, set).map((box) => makePart(node, space, boxSet(box)));
}

/** The number of parts that `cutIntoParts` would make. */
export function countParts(node: GraphNode, { set }: PartitionTarget): number {
  const { partitionsPerStep: size = 1 } = node.partitions ?? {};
  return boxesOf(set).reduce((total, box) => {
    if (size === 'all') return total + 1;
    const [line, ...others] = box;
    const beside = others.reduce((product, { from, to }) => product * (to - from), 1);
    return total + (line ? Math.ceil((line.to - line.from) / size) * beside : 0);
  }, 0);
}

function boxesFor(node: GraphNode, set: PartitionSet): readonly Box[] {
  const { partitionsPerStep: size = 1 } = node.partitions ?? {};
  if (size === 'all') return boxesOf(set);
  return boxesOf(set)
    .flatMap((box) => slices(box, size))
    .sort(byStart);
}

/** By the start in the first dimension, then in the second, and so on. */
function byStart(a: Box, b: Box): number {
  for (const [index, { from }] of a.entries()) {
    const difference = from - (b[index]?.from ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** Stretches of `size` in the first dimension, with one key of each other. */
function slices([line, ...others]: Box, size: number): readonly Box[] {
  if (!line) return [];
  const beside = others.reduce<readonly Box[]>(
    (boxes, { from, to }) =>
      boxes.flatMap((box) =>
        Array.from({ length: to - from }, (_, step) => [...box, { from: from + step, to: from + step + 1 }]),
      ),
    [[]],
  );
  const found: Box[] = [];
  for (let { from } = line; from < line.to; from += size) {
    const interval = { from, to: Math.min(from + size, line.to) };
    for (const box of beside) found.push([interval, ...box]);
  }
  return found;
}

function makePart(node: GraphNode, space: PartitionSpace, set: PartitionSet): PartitionPart {
  const partitions = toStepPartitions(space, set);
  return {
    key: `${node.key}@${partitions.text}`,
    set,
    partitions,
    locks: node.partitions?.oneAtATime
      ? [node.key]
      : partitions.ranges.map((range) => partitionLock(node.key, range)),
  };
}

/** A node's parts, and how to find those that hold certain partitions. */
export interface PartsOfNode {
  readonly parts: readonly PartitionPart[];
  readonly target: PartitionTarget;
  /** Keys of the steps that make any of these, in order. */
  holding(set: PartitionSet): readonly NodeKey[];
}

/** Parts are in order of their first dimension, so those that may hold a stretch are found by halving. */
export function indexParts(node: GraphNode, target: PartitionTarget): PartsOfNode {
  const parts = cutIntoParts(node, target);
  const firsts = parts.map(({ set }) => set.slabs[0] ?? { from: 0, to: 0 });
  const longest = Math.max(0, ...firsts.map(({ from, to }) => to - from));
  const startFrom = (from: number): number => {
    let low = 0;
    let high = firsts.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((firsts[middle]?.from ?? 0) < from - longest) low = middle + 1;
      else high = middle;
    }
    return low;
  };
  return {
    parts,
    target,
    holding: (set) => {
      const keys = new Set<NodeKey>();
      for (const { from, to } of set.slabs) {
        for (let index = startFrom(from); index < parts.length; index += 1) {
          const part = parts[index];
          if (!part || (firsts[index]?.from ?? 0) >= to) break;
          if (!keys.has(part.key) && !isEmpty(intersection(part.set, set))) keys.add(part.key);
        }
      }
      return [...keys];
    },
  };
}

/** How the partitions of a node follow from those of one that it has an edge from; undefined when there is none between them. */
export function edgeBetween(
  node: GraphNode,
  space: PartitionSpace,
  from: NodeKey,
  upstream: PartitionSpace,
): Correspondence | undefined {
  const edge = node.edges.find((candidate) => candidate.from === from);
  return edge && correspond(space, upstream, edge.partitions);
}

/** For a node whose partitions are made in order, the key of the part before each, by key. */
export function partsBefore(node: GraphNode, { parts, target }: PartsOfNode): ReadonlyMap<NodeKey, NodeKey> {
  const before = new Map<NodeKey, NodeKey>();
  if (!node.partitions?.sequential) return before;
  const last = new Map<string, NodeKey>();
  const line = target.space.lineAxis ?? 0;
  for (const { key, set } of parts) {
    const beside = JSON.stringify((boxesOf(set)[0] ?? []).filter((_, index) => index !== line));
    const previous = last.get(beside);
    if (previous !== undefined) before.set(key, previous);
    last.set(beside, key);
  }
  return before;
}
