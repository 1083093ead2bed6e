import type { ColumnDoc } from '../../core/node.ts';
import type { RelationColumn } from '../context/template-database.ts';
import type { RefNode } from '../manifest/transform-node.ts';
import { applyGrants } from './grants.ts';
import { createIndexSql } from './indexes.ts';
import { type Build, relationSql, type RelationType, run } from './build.ts';

/** Indexes, grants and comments of a relation that was just published, within its transaction. */
export async function finishRelation(
  build: Build,
  node: RefNode,
  type: RelationType,
  columns: readonly RelationColumn[],
): Promise<void> {
  if (type === 'table') await createIndexes(build, node);
  await applyGrants(build, node);
  await writeComments(build, node, type, columns);
}

/** Runs the statements that `sql_header` holds. */
export async function runHeader(build: Build, node: RefNode): Promise<void> {
  if (node.config.sqlHeader !== undefined) await run(build, node.config.sqlHeader);
}

async function createIndexes(build: Build, node: RefNode): Promise<void> {
  if (build.dialect.name !== 'postgres') return;
  for (const index of node.config.indexes) await run(build, createIndexSql(build, index));
}

async function writeComments(
  build: Build,
  node: RefNode,
  type: RelationType,
  columns: readonly RelationColumn[],
): Promise<void> {
  const { relation, columns: isOfColumns } = node.config.persistDocs;
  const name = relationSql(build.dialect, build.relation);
  const text = (description: string): string => `'${description.replaceAll("'", "''")}'`;
  if (relation && node.description !== '') {
    await run(build, `comment on ${type} ${name} is ${text(node.description)}`);
  }
  if (!isOfColumns) return;
  for (const { column, description } of described(node.columns, columns)) {
    await run(build, `comment on column ${name}.${build.dialect.quote(column)} is ${text(description)}`);
  }
}

function described(
  docs: readonly ColumnDoc[],
  columns: readonly RelationColumn[],
): readonly { readonly column: string; readonly description: string }[] {
  const descriptions = new Map(docs.map((doc) => [doc.name.toLowerCase(), doc.description]));
  return columns.flatMap(({ name }) => {
    const description = descriptions.get(name.toLowerCase());
    return description === undefined ? [] : [{ column: name, description }];
  });
}
