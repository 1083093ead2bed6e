import type { RelationInfo, SqlSession } from '../../connector/connection.ts';
import type { Dialect } from '../../sql/dialect.ts';

const duckdbRelations = `
select table_name, 'table' from duckdb_tables()
where database_name = coalesce(nullif($2, ''), current_database()) and schema_name = $1
union all
select view_name, 'view' from duckdb_views()
where database_name = coalesce(nullif($2, ''), current_database()) and schema_name = $1
order by 1`;

const postgresRelations = `
select c.relname::text, case c.relkind when 'v' then 'view' else 'table' end
from pg_class c join pg_namespace n on n.oid = c.relnamespace
where n.nspname = $1 and c.relkind in ('r', 'p', 'v', 'm', 'f')
order by 1`;

/** Tables and views of a schema as the session's transaction sees them. `databaseName` is for DuckDB; empty: the current one. */
export async function sessionRelations(
  session: SqlSession,
  dialect: Dialect,
  schema: string,
  databaseName: string,
): Promise<readonly RelationInfo[]> {
  const { rows } =
    dialect.name === 'postgres'
      ? await session.query(postgresRelations, [schema])
      : await session.query(duckdbRelations, [schema, databaseName]);
  return rows.map(([name, type]) => ({ name: String(name), type: type === 'view' ? 'view' : 'table' }));
}
