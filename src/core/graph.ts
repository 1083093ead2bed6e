import { orderNodes } from './cycle.ts';
import { ConfigError, ProjectError } from './errors.ts';
import { deepFreeze } from './freeze.ts';
import { didYouMean } from './near-name.ts';
import { isNodeKey, type Edge, type GraphNode, type NodeKey } from './node.ts';
import { formatOrigin } from './origin.ts';
import { indexReferences, resolveReference, type ReferenceIndex } from './reference.ts';
import { mergeAssets } from './relation-merge.ts';
import { attachToPatterns } from './relation-pattern.ts';

/** The project's nodes with every edge resolved to a key. Read it with the functions below. */
export interface Graph {
  /** Every node after what is upstream of it. */
  readonly nodes: readonly GraphNode[];
  readonly byKey: ReadonlyMap<NodeKey, GraphNode>;
  /** Other names of nodes, such as that of a dbt source which a replication loads. */
  readonly aliases: ReadonlyMap<string, NodeKey>;
  /** What reads a node or runs after it. */
  readonly readers: ReadonlyMap<NodeKey, readonly NodeKey[]>;
  readonly references: ReferenceIndex;
}

/**
 * Resolves edges, makes nodes with the same relation one, lets tables come after the nodes whose pattern they fit,
 * and orders the result.
 * Throws a `ProjectError` with every mistake: duplicate keys, unknown or ambiguous references, two
 * writers of one table, circles.
 */
export function buildGraph(nodes: readonly GraphNode[]): Graph {
  const merged = mergeAssets(nodes);
  const unique = rejectDuplicates(attachToPatterns(merged.nodes));
  const references = indexReferences(unique.nodes, merged.aliases);
  const resolved = unique.nodes.map((node) => resolveNode(node, references));
  const ordering = orderNodes(resolved.map((result) => result.node));
  const issues = [
    ...merged.issues,
    ...unique.issues,
    ...resolved.flatMap((result) => result.issues),
    ...ordering.issues,
  ];
  if (issues.length > 0) throw new ProjectError(issues);
  const ordered = ordering.nodes.map((node) => deepFreeze(node));
  return Object.freeze({
    nodes: Object.freeze(ordered),
    byKey: new Map(ordered.map((node) => [node.key, node])),
    aliases: merged.aliases,
    readers: indexReaders(ordered),
    references,
  });
}

/** The node that `name` means, by the rules of `resolveReference`; undefined when none or several fit. */
export function findNode(graph: Graph, name: string): GraphNode | undefined {
  const match = resolveReference(graph.references, name);
  return match.found === 'one' ? graph.byKey.get(match.key) : undefined;
}

/** Keys directly upstream. */
export function upstream(graph: Graph, key: NodeKey): readonly NodeKey[] {
  return graph.byKey.get(key)?.edges.map((edge) => edge.from) ?? [];
}

/** Keys directly downstream, checks included. */
export function downstream(graph: Graph, key: NodeKey): readonly NodeKey[] {
  return graph.readers.get(key) ?? [];
}

/** Everything upstream up to `depth` edges away, without the node itself. */
export function ancestors(graph: Graph, key: NodeKey, depth: number = Infinity): ReadonlySet<NodeKey> {
  return walk(key, depth, (from) => upstream(graph, from));
}

/** Everything downstream up to `depth` edges away, without the node itself. */
export function descendants(graph: Graph, key: NodeKey, depth: number = Infinity): ReadonlySet<NodeKey> {
  return walk(key, depth, (from) => downstream(graph, from));
}

/** The checks of an asset. */
export function checksOf(graph: Graph, asset: NodeKey): readonly GraphNode[] {
  return downstream(graph, asset)
    .map((key) => graph.byKey.get(key))
    .filter((node) => node?.check?.asset === asset) as readonly GraphNode[];
}

function walk(
  start: NodeKey,
  depth: number,
  next: (key: NodeKey) => readonly NodeKey[],
): ReadonlySet<NodeKey> {
  const seen = new Set<NodeKey>();
  let frontier: readonly NodeKey[] = [start];
  for (let distance = 0; distance < depth && frontier.length > 0; distance += 1) {
    const further: NodeKey[] = [];
    for (const key of frontier.flatMap((from) => next(from))) {
      if (seen.has(key)) continue;
      seen.add(key);
      further.push(key);
    }
    frontier = further;
  }
  seen.delete(start);
  return seen;
}

function rejectDuplicates(nodes: readonly GraphNode[]): {
  readonly nodes: readonly GraphNode[];
  readonly issues: readonly ConfigError[];
} {
  const byKey = new Map<NodeKey, GraphNode>();
  const issues: ConfigError[] = [];
  for (const node of nodes) {
    const first = byKey.get(node.key);
    if (!isNodeKey(node.key)) issues.push(badKey(node));
    else if (first) issues.push(duplicateKey(first, node));
    else byKey.set(node.key, node);
  }
  return { nodes: [...byKey.values()], issues };
}

function badKey(node: GraphNode): ConfigError {
  return new ConfigError(`"${node.key}" cannot be the key of a node`, {
    code: 'key_invalid',
    origin: node.origin,
    next: 'Use segments of letters, digits, spaces and _ . $ - joined by /, such as shop/orders.',
  });
}

function duplicateKey(first: GraphNode, second: GraphNode): ConfigError {
  const here = tableName(second);
  const there = tableName(first);
  const differ = here !== there && here !== '' && there !== '';
  return new ConfigError(`${second.key} is defined twice: here and at ${formatOrigin(first.origin)}`, {
    code: 'key_duplicate',
    origin: second.origin,
    ...(differ ? { state: `Here it is ${here}, there it is ${there}.` } : {}),
    next: differ ? 'Make them name the same table, or rename one of them.' : 'Rename or remove one of them.',
  });
}

function tableName({ relation }: GraphNode): string {
  return relation ? `the table ${relation.schema}.${relation.name} in ${relation.connection}` : '';
}

function resolveNode(
  node: GraphNode,
  references: ReferenceIndex,
): { readonly node: GraphNode; readonly issues: readonly ConfigError[] } {
  const issues: ConfigError[] = [];
  const edges = new Map<NodeKey, Edge>();
  for (const edge of node.edges) {
    const match = resolveReference(references, edge.from);
    if (match.found !== 'one') {
      issues.push(unresolved(node, edge, match.found === 'many' ? match.keys : [], references));
      continue;
    }
    const known = edges.get(match.key);
    if (!known || (known.kind === 'after' && edge.kind === 'reads')) {
      edges.set(match.key, { ...edge, from: match.key });
    }
  }
  const resolved: GraphNode = { ...node, edges: [...edges.values()] };
  if (!node.check || issues.length > 0) return { node: resolved, issues };
  const target = resolveReference(references, node.check.asset);
  if (target.found !== 'one' || edges.get(target.key)?.kind !== 'reads') {
    return { node: resolved, issues: [untestedTarget(node, node.check.asset)] };
  }
  return { node: { ...resolved, check: { ...node.check, asset: target.key } }, issues };
}

function unresolved(
  node: GraphNode,
  edge: Edge,
  candidates: readonly NodeKey[],
  references: ReferenceIndex,
): ConfigError {
  const origin = edge.origin ?? node.origin;
  const verb = edge.kind === 'reads' ? 'reads' : 'runs after';
  if (candidates.length > 0) {
    return new ConfigError(`${node.key} ${verb} "${edge.from}", which could be ${candidates.join(' or ')}`, {
      code: 'reference_ambiguous',
      origin,
      next: 'Write the whole key.',
    });
  }
  return new ConfigError(`${node.key} ${verb} "${edge.from}", which does not exist`, {
    code: 'reference_missing',
    origin,
    next: didYouMean(edge.from, references.exact.keys()) ?? 'To see all keys, run: millrace plan',
  });
}

function untestedTarget(node: GraphNode, asset: string): ConfigError {
  return new ConfigError(`${node.key} is a check of ${asset} but does not read it`, {
    code: 'check_target_unread',
    origin: node.origin,
    next: `Add a "reads" edge from ${asset}.`,
  });
}

function indexReaders(nodes: readonly GraphNode[]): ReadonlyMap<NodeKey, readonly NodeKey[]> {
  const readers = new Map<NodeKey, NodeKey[]>();
  for (const node of nodes) {
    for (const { from } of node.edges) {
      const list = readers.get(from);
      if (list) list.push(node.key);
      else readers.set(from, [node.key]);
    }
  }
  return readers;
}
