import type { SqlSession } from '../../connector/connection.ts';
import type { Dialect } from '../../sql/dialect.ts';
import type { RelationName } from '../manifest/transform-node.ts';
import { relationSql } from './build.ts';

/**
 * Which step last added to which incremental table. Written in the transaction that adds the rows, so that a step which
 * is repeated after its process died does not add them twice.
 */
const markTable = '_millrace_publishes';

/** The table of marks in the schema of `relation`. */
export function markRelation(relation: RelationName): RelationName {
  return { ...relation, identifier: markTable };
}

function markOf(dialect: Dialect, relation: RelationName): string {
  return relationSql(dialect, markRelation(relation));
}

export function createMarkSql(dialect: Dialect, relation: RelationName): string {
  return `create table if not exists ${markOf(dialect, relation)} (relation varchar not null, step varchar not null)`;
}

export async function isPublishedBy(
  session: SqlSession,
  dialect: Dialect,
  relation: RelationName,
  step: string,
): Promise<boolean> {
  const sql = `select 1 from ${markOf(dialect, relation)} where relation = ${dialect.parameter(1)} and step = ${dialect.parameter(2)}`;
  return (await session.query(sql, [relation.identifier, step])).rows.length > 0;
}

export async function markPublished(
  session: SqlSession,
  dialect: Dialect,
  relation: RelationName,
  step: string,
): Promise<void> {
  const mark = markOf(dialect, relation);
  await session.execute(`delete from ${mark} where relation = ${dialect.parameter(1)}`, [
    relation.identifier,
  ]);
  await session.execute(
    `insert into ${mark} (relation, step) values (${dialect.parameter(1)}, ${dialect.parameter(2)})`,
    [relation.identifier, step],
  );
}
