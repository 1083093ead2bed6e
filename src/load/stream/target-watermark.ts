import type { SqlDatabase } from '../../connector/connection.ts';
import type { TableName } from '../../sql/dialect.ts';
import { keyText } from './key-value.ts';
import type { MappedColumn } from './column-mapping.ts';

/** The greatest update key that a table holds, as text; undefined when it holds none. */
export async function latestInTarget(
  database: SqlDatabase,
  table: TableName,
  updateKey: MappedColumn,
  streamName: string,
): Promise<string | undefined> {
  const { dialect } = database;
  const { rows } = await database.query(
    `select max(${dialect.quote(updateKey.name)}) from ${dialect.quoteTable(table)}`,
  );
  return keyText(rows[0]?.[0], updateKey.source, streamName);
}
