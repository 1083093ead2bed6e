import type { SqlDatabase } from '../../connector/connection.ts';
import type { Dialect, TableName } from '../../sql/dialect.ts';

/** Columns of each index that can be walked in order, as far as they are plain columns. */
export type OrderedIndexes = readonly (readonly string[])[];

/** Reads a table's indexes from the catalogue; empty where nothing is known of them. */
export async function orderedIndexes(database: SqlDatabase, table: TableName): Promise<OrderedIndexes> {
  const query = indexQuery(database.dialect, table);
  if (query === undefined) return [];
  const { rows } = await database.query(query);
  const indexes = new Map<string, { readonly columns: string[]; open: boolean }>();
  for (const [index, column] of rows) {
    const found = indexes.get(String(index)) ?? { columns: [], open: true };
    indexes.set(String(index), found);
    if (typeof column !== 'string') found.open = false;
    else if (found.open) found.columns.push(column);
  }
  return [...indexes.values()].map(({ columns }) => columns);
}

/** True if rows come in the order of `key` from one of the indexes. */
export function isOrdered(indexes: OrderedIndexes, key: readonly string[]): boolean {
  return indexes.some((columns) => key.every((name, place) => columns[place] === name));
}

/** One row per index column, in the index's order, as (index, column); the column is NULL for expressions. */
function indexQuery(dialect: Dialect, table: TableName): string | undefined {
  switch (dialect.name) {
    case 'postgres':
      return `select i.indexrelid::text, a.attname::text
from pg_index i join pg_class c on c.oid = i.indexrelid join pg_am m on m.oid = c.relam
cross join unnest(i.indkey::int2[]) with ordinality as k (number, place)
left join pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.number and k.number > 0
where i.indrelid = to_regclass(${dialect.literal(dialect.quoteTable(table))})
  and i.indisvalid and i.indpred is null and m.amname = 'btree' and k.place <= i.indnkeyatts
order by 1, k.place`;
    case 'sqlite': {
      const [name, schema] = [dialect.literal(table.name), dialect.literal(table.schema)];
      return `select i.name, c.name from pragma_index_list(${name}, ${schema}) as i, pragma_index_info(i.name, ${schema}) as c
where i.partial = 0 order by i.name, c.seqno`;
    }
    case 'mysql':
      return `select index_name, case when sub_part is null then column_name end from information_schema.statistics
where table_schema = ${dialect.literal(table.schema)} and table_name = ${dialect.literal(table.name)} and index_type = 'BTREE'
order by index_name, seq_in_index`;
    default:
      return undefined;
  }
}
