import type { Mistakes } from '../files/mistakes.ts';
import { homeName } from '../manifest/dataset.ts';
import type { RefNode, TransformNode } from '../manifest/transform-node.ts';

/** Adds a mistake for two models or seeds of one name. */
export function reportTwins(nodes: readonly RefNode[], mistakes: Mistakes): void {
  const found = new Map<string, RefNode>();
  for (const node of nodes) {
    const version = node.kind === 'model' ? (node.version ?? '') : '';
    const name = `${homeName(node)}.${node.name}.${version}`;
    const first = found.get(name);
    found.set(name, first ?? node);
    if (!first) continue;
    mistakes.add(
      `there are two models or seeds named "${node.name}": ${first.origin.file} and ${node.origin.file}`,
      { code: 'model_twice', origin: node.origin, next: 'Rename one of the files.' },
    );
  }
}

/** Adds a mistake for two nodes with one key, or that would write one table. */
export function reportClashes(nodes: readonly TransformNode[], mistakes: Mistakes): void {
  const keys = new Map<string, TransformNode>();
  const relations = new Map<string, TransformNode>();
  for (const node of nodes) {
    const sameKey = keys.get(node.key);
    if (sameKey) {
      mistakes.add(`"${node.key}" is the key of two nodes; the other is in ${sameKey.origin.file}`, {
        code: 'key_twice',
        origin: node.origin,
        next: 'Rename one of them, or give it another schema.',
      });
    }
    keys.set(node.key, node);
    if (node.kind === 'test' || node.kind === 'source') continue;
    if (node.kind === 'model' && node.config.materialized === 'ephemeral') continue;
    const relation =
      `${node.relation.database}.${node.relation.schema}.${node.relation.identifier}`.toLowerCase();
    const sameRelation = relations.get(relation);
    if (sameRelation && !sameKey) {
      mistakes.add(
        `"${node.name}" and "${sameRelation.name}" would both be built as ${node.relation.schema}.${node.relation.identifier}`,
        {
          code: 'relation_twice',
          origin: node.origin,
          next: 'Give one of them another alias or schema.',
        },
      );
    }
    relations.set(relation, node);
  }
}
