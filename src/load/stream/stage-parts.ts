import type { SqlDatabase } from '../../connector/connection.ts';
import type { TableSchema } from '../../sql/data-type.ts';
import type { TableName } from '../../sql/dialect.ts';
import { dropTable } from '../../sql/merge/index.ts';

/** Adds a part to a stage and drops it, in one transaction. */
export async function addPart(
  database: SqlDatabase,
  stage: TableName,
  part: TableName,
  { columns }: TableSchema,
): Promise<void> {
  const { dialect } = database;
  const list = columns.map((column) => dialect.quote(column.name)).join(', ');
  await database.transaction(async (session) => {
    await session.execute(
      `insert into ${dialect.quoteTable(stage)} (${list}) select ${list} from ${dialect.quoteTable(part)}`,
    );
    await session.execute(dropTable(dialect, part).sql);
  });
}
