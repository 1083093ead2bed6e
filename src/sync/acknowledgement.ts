import type { SqlDatabase, SqlSession } from '../connector/connection.ts';
import type { Delivered } from './delivery.ts';
import type { Mapping } from './mapping.ts';
import type { DeliveryRow } from './record.ts';
import { resendColumn, type StateTables } from './state-tables.ts';

/**
 * Writes the fate of delivered rows in one transaction: accepted rows go from the delta to the copy,
 * refused ones to the failures. Not to be cancelled: the destination has already acted.
 */
export async function acknowledge(
  database: SqlDatabase,
  tables: StateTables,
  mapping: Mapping,
  { accepted, refused }: Delivered,
  formerFailures: readonly string[],
): Promise<void> {
  const { dialect } = database;
  const table = (name: keyof StateTables) => dialect.quoteTable(tables[name]);
  const forget = [...formerFailures, ...refused.map(({ row }) => row.key)];
  await database.transaction(async (session) => {
    if (accepted.length > 0)
      await copyAccepted(session, dialect.quote.bind(dialect), table, mapping, accepted);
    if (forget.length > 0) {
      const keys = forget.map((key) => dialect.literal(key)).join(', ');
      await session.execute(`delete from ${table('failures')} where row_key in (${keys})`);
    }
    for (const { row, status, error } of refused) {
      const values = [1, 2, 3, 4, 5].map((index) => dialect.parameter(index)).join(', ');
      await session.execute(`insert into ${table('failures')} values (${values}, current_timestamp)`, [
        row.key,
        row.hash,
        row.operation,
        status ?? null,
        error,
      ]);
    }
    const done = [...accepted, ...refused.map(({ row }) => row)];
    await session.execute(`delete from ${table('delta')} where ${sequencesSql(done)}`);
    await session.execute(`update ${table('state')} set batches = batches + 1`);
  });
}

async function copyAccepted(
  session: SqlSession,
  quote: (name: string) => string,
  table: (name: keyof StateTables) => string,
  mapping: Mapping,
  accepted: readonly DeliveryRow[],
): Promise<void> {
  const among = sequencesSql(accepted);
  const same = mapping.keys.map(({ name }) => `known.${quote(name)} = delta.${quote(name)}`).join(' and ');
  if (accepted.some((row) => row.operation !== 'insert')) {
    await session.execute(
      `delete from ${table('acked')} as known using ${table('delta')} as delta where ${same} and ${among}`,
    );
  }
  const columns = [...mapping.keys, ...mapping.fields].map(({ name }) => quote(name)).join(', ');
  await session.execute(
    `insert into ${table('acked')} (${columns}, ${resendColumn})
     select ${columns}, false from ${table('delta')} where ${among} and op <> 'delete'`,
  );
}

/** A run of sequences is told by its ends, which the database finds without looking at every row. */
function sequencesSql(rows: readonly DeliveryRow[]): string {
  const sequences = rows.map((row) => row.sequence).sort((a, b) => a - b);
  const [first = 0, last = 0] = [sequences[0], sequences.at(-1)];
  if (last - first + 1 === sequences.length) return `seq between ${first} and ${last}`;
  return `seq in (${sequences.join(', ')})`;
}

/** Rows refused before: key to hash. */
export async function readFailures(
  database: SqlDatabase,
  tables: StateTables,
): Promise<ReadonlyMap<string, string>> {
  const { rows } = await database.query(
    `select row_key, row_hash from ${database.dialect.quoteTable(tables.failures)}`,
  );
  return new Map(rows.map(([key, hash]) => [String(key), String(hash)]));
}

/** Drops failures of rows that no longer differ from what the destination has. */
export async function forgetFailures(
  database: SqlDatabase,
  tables: StateTables,
  keys: readonly string[],
): Promise<void> {
  if (keys.length === 0) return;
  const { dialect } = database;
  const list = keys.map((key) => dialect.literal(key)).join(', ');
  await database.execute(`delete from ${dialect.quoteTable(tables.failures)} where row_key in (${list})`);
}
