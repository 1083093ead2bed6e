import type { SqlDatabase } from '../connector/connection.ts';
import type { Mapping } from './mapping.ts';
import { type DeliveryRow, deliveryRow } from './record.ts';
import type { StateTables } from './state-tables.ts';
import type { Operation } from './sync.ts';

/** The next rows of the delta behind `afterSequence` that `operations` name, in order. */
export async function readDelta(
  database: SqlDatabase,
  tables: StateTables,
  mapping: Mapping,
  operations: readonly Operation[],
  afterSequence: number,
  limit: number,
  signal: AbortSignal,
): Promise<readonly DeliveryRow[]> {
  const { dialect } = database;
  const columns = [...mapping.keys, ...mapping.fields].map(({ name }) => dialect.quote(name));
  const { rows } = await database.query(
    `select seq, op, ${columns.join(', ')} from ${dialect.quoteTable(tables.delta)}
     where seq > ${dialect.literal(afterSequence)} and op in (${operations.map((op) => dialect.literal(op)).join(', ')})
     order by seq limit ${dialect.literal(limit)}`,
    [],
    signal,
  );
  return rows.map((row) => deliveryRow(row, mapping));
}
