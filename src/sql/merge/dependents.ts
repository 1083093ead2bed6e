import type { Dialect, TableName } from '../dialect.ts';

/**
 * A query for what would be lost if a table were dropped and another put in its place: one row per thing,
 * as (kind, name). Undefined where nothing hangs on a table's identity.
 */
export function dependentsQuery(dialect: Dialect, table: TableName): string | undefined {
  if (dialect.name === 'duckdb') return duckdbDependents(dialect, table);
  if (dialect.name === 'mysql') return mysqlDependents(dialect, table);
  if (dialect.name === 'sqlite') return sqliteDependents(dialect, table);
  if (dialect.name !== 'postgres') return undefined;
  const id = `${dialect.literal(dialect.quoteTable(table))}::regclass`;
  return `select 'view', v.relname::text from pg_depend d join pg_rewrite r on r.oid = d.objid join pg_class v on v.oid = r.ev_class
  where d.classid = 'pg_rewrite'::regclass and d.refobjid = ${id} and v.oid <> ${id}
union select 'grant', array_to_string(relacl, ' ') from pg_class where oid = ${id} and relacl is not null
union select 'grant', a.attname::text from pg_attribute a where a.attrelid = ${id} and a.attacl is not null
union select 'owner', pg_get_userbyid(relowner)::text from pg_class where oid = ${id} and relowner <> (select oid from pg_roles where rolname = current_user)
union select 'foreign key', conname::text from pg_constraint where confrelid = ${id}
union select 'constraint', conname::text from pg_constraint where conrelid = ${id} and contype <> 'n'
union select 'index', indexrelid::regclass::text from pg_index where indrelid = ${id}
union select 'trigger', tgname::text from pg_trigger where tgrelid = ${id} and not tgisinternal
union select 'policy', polname::text from pg_policy where polrelid = ${id}
union select 'rule', rulename::text from pg_rewrite where ev_class = ${id} and rulename <> '_RETURN'
union select 'default', a.attname::text from pg_attrdef d join pg_attribute a on a.attrelid = d.adrelid and a.attnum = d.adnum where d.adrelid = ${id}
union select 'comment', coalesce(description, '') from pg_description where classoid = 'pg_class'::regclass and objoid = ${id}
union select 'partition or child', inhrelid::regclass::text from pg_inherits where inhparent = ${id} or inhrelid = ${id}
union select 'publication', p.pubname::text from pg_publication_rel r join pg_publication p on p.oid = r.prpubid where r.prrelid = ${id}
order by 1, 2`;
}

/** Views of DuckDB find their tables by name, so only what is part of the table itself counts. */
function duckdbDependents(dialect: Dialect, table: TableName): string {
  const place = `database_name = current_database() and schema_name = ${dialect.literal(table.schema)} and table_name = ${dialect.literal(table.name)}`;
  return `select 'index', index_name from duckdb_indexes() where ${place}
union select 'constraint', constraint_name from duckdb_constraints() where ${place} and constraint_type <> 'NOT NULL'
union select 'comment', comment from duckdb_tables() where ${place} and comment is not null
order by 1, 2`;
}

/** Grants and views go by name; the check that MariaDB gives a JSON column comes with every such column. */
function mysqlDependents(dialect: Dialect, table: TableName): string {
  const schema = table.schema === '' ? 'database()' : dialect.literal(table.schema);
  const name = dialect.literal(table.name);
  const place = `table_schema = ${schema} and table_name = ${name}`;
  return `select 'index', index_name from information_schema.statistics where ${place}
union select 'constraint', constraint_name from information_schema.referential_constraints where constraint_schema = ${schema} and table_name = ${name}
union select 'foreign key', constraint_name from information_schema.referential_constraints where unique_constraint_schema = ${schema} and referenced_table_name = ${name}
union select 'trigger', trigger_name from information_schema.triggers where event_object_schema = ${schema} and event_object_table = ${name}
union select 'comment', table_comment from information_schema.tables where ${place} and table_comment <> ''
union select 'comment', column_comment from information_schema.columns where ${place} and column_comment <> ''
union select 'column', column_name from information_schema.columns where ${place} and (extra <> '' or (column_default is not null and column_default <> 'NULL'))
union select 'partition', partition_name from information_schema.partitions where ${place} and partition_name is not null
order by 1, 2`;
}

/** Views go by name. */
function sqliteDependents(dialect: Dialect, table: TableName): string {
  const schema = dialect.literal(table.schema);
  const name = dialect.literal(table.name);
  return `select 'index' as kind, name from pragma_index_list(${name}, ${schema}) where origin = 'c'
union select 'constraint', name from pragma_index_list(${name}, ${schema}) where origin <> 'c'
union select 'column', name from pragma_table_xinfo(${name}, ${schema}) where pk > 0 or "notnull" = 1 or dflt_value is not null or hidden in (2, 3)
union select 'constraint', "table" from pragma_foreign_key_list(${name}, ${schema})
union select 'trigger', name from ${dialect.quoteTable({ schema: table.schema, name: 'sqlite_schema' })} where type = 'trigger' and tbl_name = ${name}
union select 'foreign key', m.name from ${dialect.quoteTable({ schema: table.schema, name: 'sqlite_schema' })} as m, pragma_foreign_key_list(m.name) as f where m.type = 'table' and f."table" = ${name}
order by 1, 2`;
}

/** A query for the views that use a column: one row per pair, as (column, view). Undefined where a column may change under a view. */
export function viewColumnsQuery(dialect: Dialect, table: TableName): string | undefined {
  if (dialect.name !== 'postgres') return undefined;
  const id = `${dialect.literal(dialect.quoteTable(table))}::regclass`;
  return `select distinct a.attname::text, v.oid::regclass::text from pg_depend d join pg_rewrite r on r.oid = d.objid
  join pg_class v on v.oid = r.ev_class join pg_attribute a on a.attrelid = d.refobjid and a.attnum = d.refobjsubid
  where d.classid = 'pg_rewrite'::regclass and d.refobjid = ${id} and v.oid <> ${id} order by 1, 2`;
}
