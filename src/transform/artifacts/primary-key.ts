import type { TestNode } from '../manifest/transform-node.ts';
import type { ArtifactNode } from './artifact-node.ts';
import { listOf, objectOf, objectsOf } from './json-part.ts';

/**
 * The nodes with what dbt takes to be the primary key of each model: of a constraint, else the columns that are tested to
 * be unique and not null, else those that are tested to be unique.
 */
export function withPrimaryKeys(
  nodes: Readonly<Record<string, ArtifactNode>>,
  tests: readonly TestNode[],
): Readonly<Record<string, ArtifactNode>> {
  const testsByModel = new Map<string, TestNode[]>();
  for (const test of tests) {
    if (test.body.sort !== 'generic') continue;
    const { model } = test.body;
    const same = testsByModel.get(model);
    if (same) same.push(test);
    else testsByModel.set(model, [test]);
  }
  return Object.fromEntries(
    Object.entries(nodes).map(([id, node]) =>
      node.resource_type === 'model'
        ? [id, { ...node, primary_key: primaryKey(node, testsByModel.get(id) ?? []) }]
        : [id, node],
    ),
  );
}

function primaryKey(node: ArtifactNode, tests: readonly TestNode[]): readonly string[] {
  const ofModel = objectsOf(node['constraints']).find(({ type }) => type === 'primary_key');
  if (ofModel) return listOf(ofModel['columns']).map(String);
  for (const [name, column] of Object.entries(objectOf(node['columns']))) {
    const constraints = objectsOf(objectOf(column)['constraints']);
    if (constraints.some(({ type }) => type === 'primary_key')) return [name];
  }
  const unique = columnsOf(tests, ['unique', 'unique_combination_of_columns']);
  const notNull = columnsOf(tests, ['not_null']);
  const both = [...unique].filter((column) => notNull.has(column));
  return both.length > 0 ? both : [...unique];
}

function columnsOf(tests: readonly TestNode[], names: readonly string[]): ReadonlySet<string> {
  const found = new Set<string>();
  for (const { body } of tests) {
    if (body.sort !== 'generic' || !names.includes(body.test.split('.').at(-1) ?? '')) continue;
    const { combination_of_columns: columns, column_name: column } = body.arguments;
    if (typeof column === 'string') found.add(column);
    else if (Array.isArray(columns)) for (const item of columns) found.add(String(item));
  }
  return found;
}
