import type { Failure } from '../core/errors.ts';
import type { Graph } from '../core/graph.ts';
import type { NodeKey, RelationRef } from '../core/node.ts';
import type { PlanStep } from '../core/plan.ts';
import { isSameRelation } from '../core/relation-pattern.ts';

type TablesRead = ReadonlyMap<NodeKey, readonly RelationRef[] | 'all'>;

/**
 * For every step the tables that it reads of steps which write many, by those steps; absent where it depends on one of
 * them otherwise.
 */
export function tablesReadOf(
  { nodes, byKey }: Graph,
  isStep: ReadonlySet<NodeKey>,
): ReadonlyMap<NodeKey, PlanStep['tablesRead']> {
  const read = new Map<NodeKey, TablesRead>();
  for (const node of nodes) {
    const found = new Map<NodeKey, readonly RelationRef[] | 'all'>();
    const add = (writer: NodeKey, tables: readonly RelationRef[] | 'all'): void => {
      const known = found.get(writer) ?? [];
      found.set(writer, known === 'all' || tables === 'all' ? 'all' : [...known, ...tables]);
    };
    for (const { from } of node.edges) {
      if (!isStep.has(from)) for (const [writer, tables] of read.get(from) ?? []) add(writer, tables);
      else if (byKey.get(from)?.relationPattern)
        add(from, node.relation && !isStep.has(node.key) ? [node.relation] : 'all');
    }
    read.set(node.key, found);
  }
  return new Map(
    [...read].map(([key, found]) => {
      const named = [...found].filter(
        (entry): entry is [NodeKey, readonly RelationRef[]] => entry[1] !== 'all',
      );
      return [key, named.length === 0 ? undefined : Object.fromEntries(named)];
    }),
  );
}

/** True if a step can do its work although one that it depends on has failed: that wrote all the tables that it reads. */
export function isSpared({ tablesRead }: PlanStep, failed: NodeKey, failure: Failure | undefined): boolean {
  const tables = tablesRead?.[failed];
  const { relations } = failure ?? {};
  if (tables === undefined || relations === undefined) return false;
  return !tables.some((table) => relations.some((relation) => isSameRelation(table, relation)));
}
