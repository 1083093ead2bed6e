import type pg from 'pg';
import type { Row } from '../record/row.ts';

type SqlValue = string | number | null | readonly string[];

/** One connection with a transaction, or without one for reading. */
export interface Session {
  /** Returns the number of changed rows. */
  run(sql: string, ...values: readonly SqlValue[]): Promise<number>;
  get(sql: string, ...values: readonly SqlValue[]): Promise<Row | undefined>;
  all(sql: string, ...values: readonly SqlValue[]): Promise<readonly Row[]>;
}

export function createSession(client: pg.ClientBase): Session {
  const query = (text: string, values: readonly SqlValue[]): Promise<pg.QueryResult<Row>> =>
    client.query<Row>({ text, values: [...values], types: asText });
  return {
    run: async (sql, ...values) => (await query(sql, values)).rowCount ?? 0,
    get: async (sql, ...values) => (await query(sql, values)).rows[0],
    all: async (sql, ...values) => (await query(sql, values)).rows,
  };
}

/** Every value stays the text that the server sent: `record/row.ts` knows what each column holds. */
const asText: pg.CustomTypesConfig = { getTypeParser: () => (value: string) => value };
