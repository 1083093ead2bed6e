/** `"a""b"`: the SQL standard's quoted identifier, the same in PostgreSQL, DuckDB and SQLite. */
export function quoteIdentifier(identifier: string): string {
  if (identifier.includes('\0')) throw new RangeError('an identifier cannot hold a NUL character');
  return `"${identifier.replaceAll('"', '""')}"`;
}

/** A literal by the SQL standard. Assumes that backslashes have no meaning in text. */
export function standardLiteral(value: string | number | bigint | boolean | null): string {
  if (value === null) return 'null';
  if (typeof value === 'boolean') return value ? 'true' : 'false';
  if (typeof value === 'bigint') return value.toString();
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw new RangeError(`${value} has no SQL literal`);
    return value.toString();
  }
  return `'${value.replaceAll("'", "''")}'`;
}
