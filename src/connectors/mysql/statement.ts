import type { Connection, FieldPacket, QueryOptions } from 'mysql2';

/** The answer to one statement: its rows as the bytes that came, or what it changed. */
export interface Answer {
  readonly fields: readonly FieldPacket[];
  readonly rows: readonly (readonly (Buffer | null)[])[];
  readonly changedRows: number;
}

/** Runs a statement as text; the driver writes `values` into it as literals. */
export async function run(
  connection: Connection,
  sql: string,
  values: readonly unknown[] = [],
): Promise<Answer> {
  const options: QueryOptions = {
    sql,
    rowsAsArray: true,
    typeCast: false,
    ...(values.length > 0 ? { values: values.map((value) => boundValue(value)) } : {}),
  };
  return await new Promise((resolve, reject) => {
    connection.query(options, (error, result, fields) => {
      if (error) reject(error);
      else resolve(answer(result, fields));
    });
  });
}

/** Columns of a SELECT without running it. */
export async function prepare(connection: Connection, sql: string): Promise<readonly FieldPacket[]> {
  return await new Promise((resolve, reject) => {
    connection.prepare(sql, (error, statement) => {
      if (error) {
        reject(error);
        return;
      }
      const { columns } = statement as unknown as { readonly columns: readonly FieldPacket[] };
      // The driver would otherwise answer for ever from what it was told first, whatever has become of the table.
      connection.unprepare(sql);
      resolve(columns);
    });
  });
}

/** The driver writes objects as assignments and dates in local time, so they come as text. */
function boundValue(value: unknown): unknown {
  if (value instanceof Date) return value.toISOString().replace('T', ' ').replace('Z', '');
  if (value instanceof Uint8Array) return Buffer.from(value);
  return typeof value === 'object' && value !== null ? JSON.stringify(value) : value;
}

/** Procedures give several results, of which the last that has rows counts. */
function answer(result: unknown, fields: unknown): Answer {
  const isRows =
    Array.isArray(fields) && fields.every((field) => field !== undefined && !Array.isArray(field));
  if (isRows && Array.isArray(result)) return { fields, rows: result, changedRows: 0 };
  if (Array.isArray(fields) && Array.isArray(result)) {
    const last = fields.findLastIndex((list) => Array.isArray(list));
    return { fields: fields[last] ?? [], rows: result[last] ?? [], changedRows: 0 };
  }
  const { affectedRows } = (result ?? {}) as { affectedRows?: number };
  return { fields: [], rows: [], changedRows: affectedRows ?? 0 };
}
