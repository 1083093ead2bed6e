import { ConfigError } from './errors.ts';
import type { ColumnDoc, Edge, GraphNode, NodeKey, RelationRef } from './node.ts';
import { formatOrigin } from './origin.ts';

/** Nodes after those that are one and the same asset were made one. */
export interface MergedNodes {
  readonly nodes: readonly GraphNode[];
  /** Keys that were given up, to the key that was kept. */
  readonly aliases: ReadonlyMap<string, NodeKey>;
  readonly issues: readonly ConfigError[];
}

/**
 * Makes assets with the same relation one node, and assets with the same key if they do not name different
 * relations. The one with an executor gives the key, else the first by key; two with an executor and
 * one relation are an error, because both would write the same table.
 */
export function mergeAssets(nodes: readonly GraphNode[]): MergedNodes {
  const aliases = new Map<string, NodeKey>();
  const issues: ConfigError[] = [];
  const byRelation = groupAssets(nodes, (node) => node.relation && relationIdentity(node.relation));
  const mergedByRelation = mergeGroups(nodes, byRelation, aliases, issues);
  const byKey = groupAssets(mergedByRelation, (node) => node.key).filter((group) => canBeOne(group));
  return { nodes: mergeGroups(mergedByRelation, byKey, aliases, []), aliases, issues };
}

function groupAssets(
  nodes: readonly GraphNode[],
  identity: (node: GraphNode) => string | undefined,
): readonly (readonly GraphNode[])[] {
  const groups = new Map<string, GraphNode[]>();
  for (const node of nodes) {
    const name = node.kind === 'asset' ? identity(node) : undefined;
    if (name === undefined) continue;
    const group = groups.get(name);
    if (group) group.push(node);
    else groups.set(name, [node]);
  }
  return [...groups.values()].filter((group) => group.length > 1);
}

function mergeGroups(
  nodes: readonly GraphNode[],
  groups: readonly (readonly GraphNode[])[],
  aliases: Map<string, NodeKey>,
  issues: ConfigError[],
): readonly GraphNode[] {
  const replaced = new Map<GraphNode, GraphNode | undefined>();
  for (const group of groups) {
    const sorted = group.toSorted((a, b) => (a.key < b.key ? -1 : 1));
    const producers = sorted.filter((node) => node.executor !== undefined);
    for (const second of producers.slice(1)) issues.push(twoProducers(producers[0] ?? second, second));
    const kept = producers[0] ?? sorted[0];
    if (!kept) continue;
    const given = sorted.filter((node) => node !== kept && node.executor === undefined);
    for (const node of given) {
      replaced.set(node, undefined);
      if (node.key !== kept.key) aliases.set(node.key, kept.key);
    }
    replaced.set(kept, given.reduce(joinNodes, kept));
  }
  return nodes.flatMap((node) => (replaced.has(node) ? (replaced.get(node) ?? []) : node));
}

/** Same key: a table that is loaded and the source that describes it, as long as they mean the same table. */
function canBeOne(group: readonly GraphNode[]): boolean {
  const producers = group.filter((node) => node.executor !== undefined);
  const relations = group.flatMap((node) => (node.relation ? [relationIdentity(node.relation)] : []));
  return producers.length <= 1 && new Set(relations).size <= 1;
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
