import type { Completion } from '../core/executor.ts';
import { checksOf, downstream, type Graph } from '../core/graph.ts';
import type { GraphNode, NodeKey } from '../core/node.ts';
import { formatOrigin, type Origin } from '../core/origin.ts';
import { consumerTag, findRead } from './consumer.ts';

/** An asset that the project keeps up to date for nobody, with what speaks for its removal. */
export interface UnreadAsset {
  readonly key: NodeKey;
  readonly type: string;
  readonly origin: Origin;
  /** Why it is listed, as one sentence. */
  readonly reason: string;
  /** What to do, as one sentence. */
  readonly suggestion: string;
  /** Assets that read it, all of them unread too; they go first. */
  readonly unreadDownstream: readonly NodeKey[];
  /** Checks that run for it. */
  readonly checks: readonly NodeKey[];
  /** From its last materialization: absent when it has none. */
  readonly rows?: number;
  readonly durationMs?: number;
  /** Milliseconds since 1970, UTC. */
  readonly lastRunAtMs?: number;
}

/** Latest completions by key, as the ledger has them. */
export type Completions = ReadonlyMap<NodeKey, Completion>;

const noCompletions: Completions = new Map();

/**
 * Assets of ours without a path to a consumer: models, seeds and loaded tables that no report, sync
 * or exposure reads, not even through others. Those that can be removed at once come first, the
 * costlier before the cheaper.
 */
export function findUnread(graph: Graph, completions: Completions = noCompletions): readonly UnreadAsset[] {
  const read = findRead(graph);
  return graph.nodes
    .filter((node) => isOurs(node) && !read.has(node.key))
    .map((node) => describe(graph, node, completions.get(node.key)))
    .sort(byRemoval);
}

const transformTypes: readonly string[] = ['model', 'seed', 'snapshot'];

function isOurs(node: GraphNode): boolean {
  return node.kind === 'asset' && (node.executor !== undefined || transformTypes.includes(node.type));
}

function describe(graph: Graph, node: GraphNode, completion: Completion | undefined): UnreadAsset {
  const unreadDownstream = dataReaders(graph, node);
  return {
    key: node.key,
    type: node.type,
    origin: node.origin,
    reason: reasonOf(unreadDownstream),
    suggestion: suggestionOf(node, unreadDownstream),
    unreadDownstream,
    checks: checksOf(graph, node.key).map((check) => check.key),
    ...(completion?.rows === undefined ? {} : { rows: completion.rows }),
    ...(completion ? { durationMs: completion.durationMs, lastRunAtMs: completion.finishedAtMs } : {}),
  };
}

/** Assets that take data from `node`; a check looks at an asset, but nobody gets to see the data. */
function dataReaders(graph: Graph, node: GraphNode): readonly NodeKey[] {
  return downstream(graph, node.key).filter((key) => {
    const reader = graph.byKey.get(key);
    return (
      reader?.kind === 'asset' && reader.edges.some((edge) => edge.from === node.key && edge.kind === 'reads')
    );
  });
}

function reasonOf(readers: readonly NodeKey[]): string {
  if (readers.length === 0) return 'No report, sync or other asset reads it.';
  const verb = readers.length === 1 ? 'which itself reaches' : 'which themselves reach';
  return `Only ${readers.join(', ')} ${readers.length === 1 ? 'reads' : 'read'} it, ${verb} no report or sync.`;
}

function suggestionOf(node: GraphNode, readers: readonly NodeKey[]): string {
  const place = formatOrigin(node.origin);
  const removal = transformTypes.includes(node.type)
    ? `remove the ${node.type} (${place})`
    : `disable what loads it (${place})`;
  const order = readers.length === 0 ? '' : `after ${readers.join(', ')}, `;
  const sentence = `${order}${removal}, or tag it "${consumerTag}" if somebody outside of this project reads it.`;
  return sentence.charAt(0).toUpperCase() + sentence.slice(1);
}

function byRemoval(a: UnreadAsset, b: UnreadAsset): number {
  const blocked = Number(a.unreadDownstream.length > 0) - Number(b.unreadDownstream.length > 0);
  if (blocked !== 0) return blocked;
  const cost = (b.durationMs ?? 0) - (a.durationMs ?? 0);
  return cost === 0 ? a.key.localeCompare(b.key, 'en') : cost;
}
