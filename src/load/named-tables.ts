import type { Edge, GraphNode } from '../core/node.ts';
import type { Replication, StreamConfig } from './replication/replication.ts';
import { streamOf } from './shared-object.ts';

/**
 * A stream whose hooks or queries name the table of one that is written before it comes after that one: files are written
 * for streams that are loaded one after another.
 */
export function afterNamedTables(
  { streams, source, target }: Replication,
  nodes: readonly GraphNode[],
): readonly GraphNode[] {
  return nodes.map((node, index) => {
    const stream = streams.find(({ name }) => name === streamOf(node));
    const text = stream ? textAboutTarget(stream, source === target) : '';
    if (text === '') return node;
    const known = new Set(node.edges.map(({ from }) => from));
    const named = nodes
      .slice(0, index)
      .filter((earlier) => earlier.key !== node.key && !known.has(earlier.key) && names(text, earlier));
    return {
      ...node,
      edges: [...node.edges, ...named.map(({ key }): Edge => ({ kind: 'after', from: key }))],
    };
  });
}

/** What is run on the target, in small letters and without quotes. */
function textAboutTarget({ hooks, target, sql = '' }: StreamConfig, isSameSystem: boolean): string {
  const said = [
    ...(Object.keys(hooks).length > 0 ? [JSON.stringify(hooks)] : []),
    ...target.preSql,
    ...target.postSql,
    ...(isSameSystem ? [sql] : []),
  ];
  return said
    .join('\n')
    .toLowerCase()
    .replaceAll(/\\?["`[\]]/g, '');
}

function names(text: string, { relation }: GraphNode): boolean {
  if (!relation || relation.schema === '') return false;
  const name = `${relation.schema}.${relation.name}`.toLowerCase();
  for (let at = text.indexOf(name); at >= 0; at = text.indexOf(name, at + 1))
    if (!isLetter(text[at - 1]) && !isLetter(text[at + name.length])) return true;
  return false;
}

function isLetter(letter: string | undefined): boolean {
  return letter !== undefined && /[\p{L}\p{N}_$]/u.test(letter);
}
