import { ConfigError } from './errors.ts';
import type { ColumnDoc, Edge, GraphNode, NodeKey, RelationRef } from './node.ts';
import { formatOrigin } from './origin.ts';

/** Nodes after those that are one and the same table were made one. */
export interface MergedNodes {
  readonly nodes: readonly GraphNode[];
  /** Keys that were given up, to the key that was kept. */
  readonly aliases: ReadonlyMap<string, NodeKey>;
  readonly issues: readonly ConfigError[];
}

/**
 * Makes assets with the same relation one node. The one with an executor gives the key; two with an
 * executor are an error, because both would write the same table.
 */
export function mergeByRelation(nodes: readonly GraphNode[]): MergedNodes {
  const groups = new Map<string, GraphNode[]>();
  for (const node of nodes) {
    if (node.kind !== 'asset' || !node.relation) continue;
    const identity = relationIdentity(node.relation);
    groups.set(identity, [...(groups.get(identity) ?? []), node]);
  }
  const aliases = new Map<string, NodeKey>();
  const merged = new Map<GraphNode, GraphNode>();
  const dropped = new Set<GraphNode>();
  const issues: ConfigError[] = [];
  for (const group of groups.values()) {
    if (group.length === 1) continue;
    const producers = group.filter((node) => node.executor !== undefined);
    for (const second of producers.slice(1)) issues.push(twoProducers(producers[0] ?? second, second));
    const kept = producers[0] ?? group[0];
    if (!kept) continue;
    const given = group.filter((node) => node !== kept && node.executor === undefined);
    for (const node of given) {
      dropped.add(node);
      if (node.key !== kept.key) aliases.set(node.key, kept.key);
    }
    merged.set(kept, given.reduce(joinNodes, kept));
  }
  const left = nodes.filter((node) => !dropped.has(node));
  return { nodes: left.map((node) => merged.get(node) ?? node), aliases, issues };
}

function relationIdentity(relation: RelationRef): string {
  return JSON.stringify([relation.connection, relation.schema, relation.name]).toLowerCase();
}

function joinNodes(kept: GraphNode, given: GraphNode): GraphNode {
  return {
    ...kept,
    description: kept.description || given.description,
    tags: [...new Set([...kept.tags, ...given.tags])],
    columns: joinColumns(kept.columns, given.columns),
    edges: [...kept.edges, ...given.edges] satisfies Edge[],
  };
}

function joinColumns(kept: readonly ColumnDoc[], given: readonly ColumnDoc[]): readonly ColumnDoc[] {
  const byName = new Map(kept.map((column) => [column.name.toLowerCase(), column]));
  for (const column of given) {
    const name = column.name.toLowerCase();
    byName.set(name, { ...column, ...byName.get(name) });
  }
  return [...byName.values()];
}

function twoProducers(first: GraphNode, second: GraphNode): ConfigError {
  const relation = first.relation ? `${first.relation.schema}.${first.relation.name}` : first.key;
  const connection = first.relation?.connection ?? '';
  return new ConfigError(
    `${second.key} and ${first.key} (${formatOrigin(first.origin)}) both write the table ${relation} in ${connection}`,
    {
      code: 'relation_written_twice',
      origin: second.origin,
      next: 'Give one of them another schema or name, or remove it.',
    },
  );
}
