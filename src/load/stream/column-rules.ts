import type { SqlDatabase } from '../../connector/connection.ts';
import { DataError } from '../../core/errors.ts';
import { castTo } from '../../sql/cast.ts';
import type { TableName } from '../../sql/dialect.ts';
import type { StreamConfig } from '../replication/replication.ts';
import { findByName, type MappedColumn } from './column-mapping.ts';

/**
 * Refuses a stage whose rows break what `columns:` says of them.
 * @throws DataError code `constraint_violated` with the column and the number of rows
 */
export async function requireRules(
  database: SqlDatabase,
  stage: TableName,
  columns: readonly MappedColumn[],
  stream: StreamConfig,
): Promise<void> {
  const rules = Object.entries(stream.rules).flatMap(([name, { notNull, check }]) => {
    const column = findByName(
      columns.map((mapped) => ({ name: mapped.source.name, mapped })),
      name,
    )?.mapped;
    if (!column) return [];
    const value = castTo(database.dialect, database.dialect.quote(column.name), column.type);
    return [
      ...(notNull ? [{ name, text: 'not_null', broken: `${value} is null` }] : []),
      ...(check === undefined
        ? []
        : [{ name, text: check, broken: `not (${check.replaceAll(/\bvalue\b/g, value)})` }]),
    ];
  });
  if (rules.length === 0) return;
  const counts = rules.map(({ broken }) => `sum(case when ${broken} then 1 else 0 end)`);
  const { rows } = await database.query(
    `select ${counts.join(', ')} from ${database.dialect.quoteTable(stage)}`,
  );
  for (const [index, { name, text }] of rules.entries()) {
    const count = Number(rows[0]?.[index] ?? 0);
    if (count === 0) continue;
    throw new DataError(
      `stream ${stream.name}: ${count} ${count === 1 ? 'row breaks' : 'rows break'} the constraint of column '${name}': ${text}`,
      {
        code: 'constraint_violated',
        origin: stream.origin,
        state: 'Nothing was published',
        next: 'Correct the rows at the source, leave them out by where:, or change columns:',
      },
    );
  }
}
