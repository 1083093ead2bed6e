/** A row as a driver returns it: JSON as text, times as numbers or digits. */
export type Row = Readonly<Record<string, string | number | bigint | Uint8Array | null>>;

export function text(row: Row, column: string): string {
  return String(row[column]);
}

export function optionalText(row: Row, column: string): string | undefined {
  const value = row[column];
  return value === null || value === undefined ? undefined : String(value);
}

export function integer(row: Row, column: string): number {
  return Number(row[column]);
}

export function optionalInteger(row: Row, column: string): number | undefined {
  const value = row[column];
  return value === null || value === undefined ? undefined : Number(value);
}

/** What `toJson` wrote; undefined when it is NULL. */
export function optionalJson(row: Row, column: string): unknown {
  const value = optionalText(row, column);
  return value === undefined ? undefined : JSON.parse(value);
}

/** NULL for what is undefined. */
export function toJson(value: unknown): string | null {
  return value === undefined ? null : JSON.stringify(value);
}
