import type { SqlDatabase, SqlSession } from '../../connector/connection.ts';
import type { TableSchema } from '../../sql/data-type.ts';
import type { TableName } from '../../sql/dialect.ts';
import { dropTable } from '../../sql/merge/index.ts';

/**
 * Adds a part to a stage and drops it, in one transaction.
 * @param seal writes what belongs to the same transaction; before the drop, which commits on some systems
 */
export async function addPart(
  database: SqlDatabase,
  stage: TableName,
  part: TableName,
  { columns }: TableSchema,
  seal: (session: SqlSession) => Promise<void>,
): Promise<void> {
  const { dialect } = database;
  const list = columns.map((column) => dialect.quote(column.name)).join(', ');
  await database.transaction(async (session) => {
    await seal(session);
    await session.execute(
      `insert into ${dialect.quoteTable(stage)} (${list}) select ${list} from ${dialect.quoteTable(part)}`,
    );
    await session.execute(dropTable(dialect, part).sql);
  });
}
