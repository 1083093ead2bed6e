import type { Edge, GraphNode, RelationRef } from './node.ts';

/**
 * Lets assets that others keep up to date come after the nodes whose `relationPattern` their table fits: it may be
 * one of those which that node writes.
 */
export function attachToPatterns(nodes: readonly GraphNode[]): readonly GraphNode[] {
  const writers = nodes.flatMap((node) =>
    node.relationPattern ? [{ key: node.key, fits: relationFits(node.relationPattern) }] : [],
  );
  if (writers.length === 0) return nodes;
  return nodes.map((node) => {
    const { relation } = node;
    if (node.kind !== 'asset' || node.executor !== undefined || !relation) return node;
    const edges = writers
      .filter(({ fits }) => fits(relation))
      .map(({ key }): Edge => ({ kind: 'reads', from: key, origin: node.origin }));
    return edges.length === 0 ? node : { ...node, edges: [...node.edges, ...edges] };
  });
}

export function isSameRelation(a: RelationRef, b: RelationRef): boolean {
  const text = ({ connection, schema, name }: RelationRef): string =>
    [connection, schema, name].join('\0').toLowerCase();
  return text(a) === text(b);
}

function relationFits(pattern: RelationRef): (relation: RelationRef) => boolean {
  const connection = pattern.connection.toLowerCase();
  const schema = expressionOf(pattern.schema);
  const name = expressionOf(pattern.name);
  return (relation) =>
    relation.connection.toLowerCase() === connection &&
    schema.test(relation.schema) &&
    name.test(relation.name);
}

function expressionOf(pattern: string): RegExp {
  const literal = pattern.replace(/[.+^${}()|[\]\\]/g, String.raw`\$&`);
  return new RegExp(`^${literal.replaceAll('*', '.*').replaceAll('?', '.')}$`, 'isu');
}
