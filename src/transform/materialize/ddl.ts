import type { Dialect } from '../../sql/dialect.ts';
import { type CompiledSql, concatSql } from '../compile/compiled-sql.ts';
import type { RelationName } from '../manifest/transform-node.ts';
import { relationSql, type RelationType } from './build.ts';

export function createTableSql(dialect: Dialect, relation: RelationName, select: CompiledSql): CompiledSql {
  return concatSql([`create table ${relationSql(dialect, relation)} as (\n`, withoutEnd(select), '\n)']);
}

export function createViewSql(dialect: Dialect, relation: RelationName, select: CompiledSql): CompiledSql {
  return concatSql([`create view ${relationSql(dialect, relation)} as (\n`, withoutEnd(select), '\n)']);
}

export function dropSql(dialect: Dialect, relation: RelationName, type: RelationType): string {
  const cascade = dialect.name === 'postgres' ? ' cascade' : '';
  return `drop ${type} if exists ${relationSql(dialect, relation)}${cascade}`;
}

export function renameSql(
  dialect: Dialect,
  from: RelationName,
  to: RelationName,
  type: RelationType,
): string {
  return `alter ${type} ${relationSql(dialect, from)} rename to ${dialect.quote(to.identifier)}`;
}

/** A statement's closing semicolon has no place inside parentheses. */
function withoutEnd(select: CompiledSql): CompiledSql {
  const sql = select.sql.replace(/[\s;]+$/, '');
  return { sql, parts: select.parts };
}
