import { plainText } from './files/plain-value.ts';
import type { ConnectionProvider } from '../connector/connection.ts';
import type { JsonObject, JsonValue } from '../core/json.ts';
import type { RefNode, SourceNode } from './manifest/transform-node.ts';
import type { TransformProject } from './project.ts';
import { openWarehouse } from './warehouse.ts';
import { artifactMetadata, type Invocation } from './artifacts/metadata.ts';

const duckdbColumns = `
select c.schema_name, c.table_name, case when v.view_name is null then 'BASE TABLE' else 'VIEW' end,
  coalesce(t.comment, v.comment), null, c.column_name, c.data_type, c.column_index, c.comment
from duckdb_columns() as c
left join duckdb_tables() as t
  on t.database_name = c.database_name and t.schema_name = c.schema_name and t.table_name = c.table_name
left join duckdb_views() as v
  on v.database_name = c.database_name and v.schema_name = c.schema_name and v.view_name = c.table_name
where c.database_name = current_database() and c.schema_name in (select unnest(from_json($1, '["varchar"]')))
order by 1, 2, 8`;

const postgresColumns = `
select n.nspname::text, c.relname::text,
  case c.relkind when 'v' then 'VIEW' when 'm' then 'MATERIALIZED VIEW' when 'f' then 'FOREIGN TABLE' else 'BASE TABLE' end,
  obj_description(c.oid, 'pg_class'), pg_get_userbyid(c.relowner)::text, a.attname::text,
  format_type(a.atttypid, a.atttypmod), a.attnum::int, col_description(c.oid, a.attnum)
from pg_class c
join pg_namespace n on n.oid = c.relnamespace
join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
where n.nspname = any($1::text[]) and c.relkind in ('r', 'p', 'v', 'm', 'f')
order by 1, 2, 8`;

/** dbt's `catalog.json`: the relations of the project's nodes as the warehouse has them now. */
export async function catalogArtifact(
  project: TransformProject,
  connections: ConnectionProvider,
  invocation: Invocation,
  ids: ReadonlySet<string> | undefined,
): Promise<JsonObject> {
  const { database } = await openWarehouse(project, connections);
  const nodes = [...project.manifest.byId.values()].filter(
    (node): node is RefNode | SourceNode =>
      node.kind !== 'test' && (ids === undefined || ids.has(node.uniqueId)),
  );
  const schemas = [...new Set(nodes.map((node) => node.relation.schema))];
  const isPostgres = database.dialect.name === 'postgres';
  const { rows } = await database.query(isPostgres ? postgresColumns : duckdbColumns, [
    isPostgres ? schemas : JSON.stringify(schemas),
  ]);
  const tables = new Map<string, JsonObject>();
  for (const row of rows) addColumn(tables, row, project.manifest.scope.databaseName);
  const entriesOf = (kind: 'node' | 'source'): JsonObject =>
    Object.fromEntries(
      nodes.flatMap((node): [string, JsonValue][] => {
        const table = tables.get(`${node.relation.schema}.${node.relation.identifier}`.toLowerCase());
        const isWanted = (node.kind === 'source') === (kind === 'source');
        const isHere = node.relation.database === project.manifest.scope.databaseName;
        return table && isWanted && isHere ? [[node.uniqueId, { ...table, unique_id: node.uniqueId }]] : [];
      }),
    );
  return {
    metadata: artifactMetadata('catalog/v1', { ...invocation, atMs: Date.now() }),
    nodes: entriesOf('node'),
    sources: entriesOf('source'),
    errors: null,
  };
}

function addColumn(tables: Map<string, JsonObject>, row: readonly unknown[], databaseName: string): void {
  const [schema, table, type, comment, owner, column, columnType, index, columnComment] = row.map((value) =>
    value === null || value === undefined ? null : plainText(value),
  );
  const key = `${schema}.${table}`.toLowerCase();
  const known = tables.get(key);
  const columns = { ...(known?.['columns'] as JsonObject | undefined) };
  columns[column ?? ''] = {
    type: columnType ?? '',
    index: Number(index),
    name: column ?? '',
    comment: columnComment ?? null,
  };
  tables.set(key, {
    metadata: {
      type: type ?? '',
      schema: schema ?? '',
      name: table ?? '',
      database: databaseName,
      comment: comment ?? null,
      owner: owner ?? null,
    },
    columns,
    stats: {
      has_stats: {
        id: 'has_stats',
        label: 'Has Stats?',
        value: false,
        include: false,
        description: 'Indicates whether there are statistics for this table',
      },
    },
  });
}
