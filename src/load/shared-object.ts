import { ConfigError } from '../core/errors.ts';
import type { GraphNode, NodeKey } from '../core/node.ts';

/**
 * Streams of a file that go into one table, one after another as they are written: the last of them is the asset that
 * others read, the ones before it are known by their own names below its key.
 * @throws ConfigError code `asset_key_taken` when two streams were given one key, or cannot be told apart
 */
export function inTurn(
  nodes: readonly GraphNode[],
  hasOwnKey: (node: GraphNode) => boolean,
): readonly GraphNode[] {
  const sharing = Map.groupBy(nodes, ({ key }) => key);
  const taken = new Set<NodeKey>();
  const before = new Map<NodeKey, NodeKey>();
  return nodes.map((node): GraphNode => {
    const group = sharing.get(node.key) ?? [node];
    const own = group.at(-1) === node ? node : partOf(node);
    const isMistake = taken.has(own.key) || (group.length > 1 && group.some(hasOwnKey));
    if (isMistake) throw keyTaken(node, group);
    taken.add(own.key);
    const from = before.get(node.key);
    before.set(node.key, own.key);
    return from === undefined ? own : { ...own, edges: [...own.edges, { kind: 'after', from }] };
  });
}

/** Name of the stream that a node of a replication loads. */
export function streamOf({ spec }: Pick<GraphNode, 'spec'>): string {
  return typeof spec['stream'] === 'string' ? spec['stream'] : '';
}

/** The node of a stream that is not the last one into its table. */
function partOf(shared: GraphNode): GraphNode {
  const { relation: _relation, relationPattern: _pattern, ...node } = shared;
  const stream = streamOf(node);
  return { ...node, key: `${node.key}/${stream.replace(/[^\p{L}\p{N}_.$-]+/gu, '_')}` };
}

function keyTaken(node: GraphNode, sharing: readonly GraphNode[]): ConfigError {
  const other = sharing.find((candidate) => candidate !== node);
  return new ConfigError(`the asset '${node.key}' is already loaded by another stream of this file`, {
    code: 'asset_key_taken',
    origin: node.origin,
    state: `The other is in line ${other?.origin.line ?? '?'}`,
    next: 'Give one of them another object, or another meta.dagster.asset_key',
  });
}
