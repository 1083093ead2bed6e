import { downstream, type Graph } from '../core/graph.ts';
import type { GraphNode, NodeKey } from '../core/node.ts';

/**
 * For steps that read a checked asset (or, where a check says so, are downstream of all that it reads), the `error` checks of this plan
 * that must pass first.
 * Checks are never held up by checks, nor is what runs `always`. A step that a check needs (a relationships test reads a second
 * model) is not held up by it: that would be a circle.
 */
export function blockingEdges(
  graph: Graph,
  isStep: ReadonlySet<NodeKey>,
  dependencies: ReadonlyMap<NodeKey, ReadonlySet<NodeKey>>,
): ReadonlyMap<NodeKey, ReadonlySet<NodeKey>> {
  const blocked = new Map<NodeKey, Set<NodeKey>>();
  const upstreamOf = (key: NodeKey): readonly NodeKey[] => [
    ...(dependencies.get(key) ?? []),
    ...(blocked.get(key) ?? []),
  ];
  for (const check of inBlockingOrder(graph, isStep)) {
    const readers =
      check.check?.stopsOnlyCommon && !readsOnlyItsAsset(check)
        ? commonSteps(graph, isStep, check)
        : readingSteps(graph, isStep, check.check?.asset ?? '');
    const needed = readsOnlyItsAsset(check) ? new Set<NodeKey>() : reachable(check.key, upstreamOf);
    for (const reader of readers) {
      if (needed.has(reader)) continue;
      const checks = blocked.get(reader);
      if (checks) checks.add(check.key);
      else blocked.set(reader, new Set([check.key]));
    }
  }
  return blocked;
}

/** Checks that read one asset cannot make a circle; the others are tried against all edges before them. */
function inBlockingOrder(graph: Graph, isStep: ReadonlySet<NodeKey>): readonly GraphNode[] {
  const checks = graph.nodes.filter((node) => isStep.has(node.key) && node.check?.severity === 'error');
  return [
    ...checks.filter((check) => readsOnlyItsAsset(check)),
    ...checks.filter((check) => !readsOnlyItsAsset(check)),
  ];
}

function readsOnlyItsAsset(check: GraphNode): boolean {
  return check.edges.length === 1;
}

/** Steps, other than checks, that read `asset` directly or through nodes that are no steps. */
function readingSteps(graph: Graph, isStep: ReadonlySet<NodeKey>, asset: NodeKey): ReadonlySet<NodeKey> {
  const found = new Set<NodeKey>();
  const seen = new Set<NodeKey>();
  const waiting: NodeKey[] = [asset];
  for (let key = waiting.pop(); key !== undefined; key = waiting.pop()) {
    for (const reader of downstream(graph, key)) {
      const node = graph.byKey.get(reader);
      if (seen.has(reader) || node?.kind === 'check' || node?.always) continue;
      seen.add(reader);
      if (isStep.has(reader)) found.add(reader);
      else waiting.push(reader);
    }
  }
  return found;
}

/** The first steps, other than checks, that are downstream of everything that `check` reads. */
function commonSteps(graph: Graph, isStep: ReadonlySet<NodeKey>, check: GraphNode): ReadonlySet<NodeKey> {
  const beyond = (key: NodeKey): readonly NodeKey[] =>
    downstream(graph, key).filter((reader) => {
      const node = graph.byKey.get(reader);
      return node?.kind !== 'check' && !node?.always;
    });
  const [first = new Set<NodeKey>(), ...others] = check.edges
    .filter(({ kind }) => kind === 'reads')
    .map(({ from }) => reachable(from, beyond));
  const read = new Set(check.edges.map(({ from }) => from));
  const common = new Set(
    [...first].filter((key) => !read.has(key) && others.every((reached) => reached.has(key))),
  );
  const later = new Set([...common].flatMap((key) => (isStep.has(key) ? beyond(key) : [])));
  return new Set([...common].filter((key) => isStep.has(key) && !later.has(key)));
}

function reachable(start: NodeKey, next: (key: NodeKey) => readonly NodeKey[]): ReadonlySet<NodeKey> {
  const seen = new Set<NodeKey>([start]);
  for (const key of seen) for (const further of next(key)) seen.add(further);
  return seen;
}
