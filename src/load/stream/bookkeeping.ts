import type { Dialect, TableName } from '../../sql/dialect.ts';

/** A table of Millrace's own in a target. SQLite has no schemas, so the table's name tells whose it is. */
export function bookkeepingTable(dialect: Dialect, name: string): TableName {
  return dialect.name === 'sqlite'
    ? { schema: dialect.defaultSchema, name: `_millrace_${name}` }
    : { schema: '_millrace', name };
}
