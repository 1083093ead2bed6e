import type { SqlSession } from '../../connector/connection.ts';
import type { Dialect } from '../../sql/dialect.ts';
import type { RelationColumn } from '../context/template-database.ts';
import type { RelationName } from '../manifest/transform-node.ts';
import { relationSql } from './build.ts';

const duckdbColumns = `
select column_name, data_type from duckdb_columns()
where database_name = coalesce(nullif($3, ''), case when $1 = '' then 'temp' else current_database() end)
  and schema_name = coalesce(nullif($1, ''), schema_name) and table_name = $2
order by column_index`;

const postgresColumns = `
select attname, format_type(atttypid, atttypmod) from pg_attribute
where attrelid = to_regclass($1) and attnum > 0 and not attisdropped
order by attnum`;

/** Columns of a table or view as the session's transaction sees them; none when it does not exist. */
export async function relationColumns(
  session: SqlSession,
  dialect: Dialect,
  relation: RelationName,
): Promise<readonly RelationColumn[]> {
  const { rows } =
    dialect.name === 'postgres'
      ? await session.query(postgresColumns, [postgresName(dialect, relation)])
      : await session.query(duckdbColumns, [relation.schema, relation.identifier, relation.database]);
  return rows.map(([name, type]) => ({ name: String(name), dataType: String(type) }));
}

/** A temporary table has no schema of its own: it is found by its name. */
function postgresName(dialect: Dialect, relation: RelationName): string {
  if (relation.schema === '') return dialect.quote(relation.identifier);
  return relationSql(dialect, { ...relation, database: '' });
}

/** The columns that a query would give; nothing is read. */
export async function queryColumns(
  session: SqlSession,
  dialect: Dialect,
  sql: string,
): Promise<readonly RelationColumn[]> {
  const query = sql.replace(/[\s;]+$/, '');
  const { columns } = await session.query(`select * from (\n${query}\n) as columns_of where false limit 0`);
  return columns.map(({ name, type }) => ({ name, dataType: dialect.typeName(type) }));
}

/** {@link relationColumns} of a relation that is known to exist: DuckDB then need not look through its whole catalogue. */
export async function presentColumns(
  session: SqlSession,
  dialect: Dialect,
  relation: RelationName,
): Promise<readonly RelationColumn[]> {
  if (dialect.name === 'postgres') return await relationColumns(session, dialect, relation);
  const { rows } = await session.query('select name, type from pragma_table_info($1)', [
    relationSql(dialect, relation),
  ]);
  return rows.map(([name, type]) => ({ name: String(name), dataType: String(type) }));
}
