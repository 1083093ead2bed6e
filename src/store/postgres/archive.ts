import pg from 'pg';
import {
  archiveTables,
  type ArchiveRow,
  type ArchiveTable,
  columnList,
  type LedgerArchive,
  tableOf,
  toArchiveRow,
} from '../record/archive-table.ts';
import { ledgerNotEmpty } from '../record/not-empty.ts';
import { integer } from '../record/row.ts';
import { parseLedgerUrl } from './connection-url.ts';
import { ledgerError } from './error.ts';
import { migrate } from './migration.ts';
import { openServer } from './server.ts';
import { createSession, type Session } from './session.ts';

const rowsAtOnce = 1000;

const types = { text: 'text', integer: 'bigint', boolean: 'boolean', json: 'json' } as const;

/** The ledger in a schema of a PostgreSQL database, as a whole; made or brought forward first. */
export async function openPostgresArchive(url: string): Promise<LedgerArchive> {
  const given = parseLedgerUrl(url, 'millrace_ledger');
  const server = await openServer(given);
  const { address } = server;
  try {
    await migrate(server, address.schema);
  } finally {
    await server.close();
  }
  // One transaction, however long it takes.
  const client = new pg.Client({
    ...address.client,
    query_timeout: 0,
    statement_timeout: 0,
    idle_in_transaction_session_timeout: 0,
  });
  client.on('error', () => undefined);
  await client.connect();
  const session = createSession(client);
  return {
    read: async function* () {
      try {
        yield* readAll(session);
      } catch (error) {
        throw ledgerError(error, address.name);
      }
    },
    write: async (rows, isReplacing) => {
      try {
        return await writeAll(session, address.name, rows, isReplacing);
      } catch (error) {
        await session.run('ROLLBACK').catch(() => undefined);
        throw ledgerError(error, address.name);
      }
    },
    close: () => client.end(),
  };
}

async function* readAll(session: Session): AsyncIterable<ArchiveRow> {
  await session.run('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
  for (const table of archiveTables) {
    const sql = `SELECT ${columnList(table)} FROM ${table.name} ORDER BY ${table.order ?? 'position'}`;
    await session.run(`DECLARE archived NO SCROLL CURSOR FOR ${sql}`);
    for (;;) {
      const rows = await session.all(`FETCH ${rowsAtOnce} FROM archived`);
      for (const row of rows) yield toArchiveRow(table, row);
      if (rows.length < rowsAtOnce) break;
    }
    await session.run('CLOSE archived');
  }
  await session.run('COMMIT');
}

async function writeAll(
  session: Session,
  name: string,
  rows: AsyncIterable<ArchiveRow>,
  isReplacing: boolean,
): Promise<number> {
  await session.run('BEGIN');
  const count = async (table: string): Promise<number> =>
    integer((await session.get(`SELECT count(*) AS n FROM ${table}`)) ?? {}, 'n');
  for (const { name: table } of archiveTables.toReversed()) {
    if (isReplacing) await session.run(`DELETE FROM ${table}`);
    else if ((await count(table)) > 0) throw ledgerNotEmpty(name, await count('runs'));
  }
  let batch: ArchiveRow[] = [];
  for await (const row of rows) {
    if (batch[0] && (batch.length === rowsAtOnce || batch[0].table !== row.table)) {
      await insert(session, tableOf(batch[0]), batch);
      batch = [];
    }
    batch.push(row);
  }
  if (batch[0]) await insert(session, tableOf(batch[0]), batch);
  for (const table of archiveTables) await countOn(session, table);
  const runs = await count('runs');
  await session.run('COMMIT');
  return runs;
}

async function insert(session: Session, table: ArchiveTable, rows: readonly ArchiveRow[]): Promise<void> {
  const columns = columnList(table);
  const shape = Object.entries(table.columns).map(([column, kind]) => `"${column}" ${types[kind]}`);
  await session.run(
    `INSERT INTO ${table.name} (${columns}) OVERRIDING SYSTEM VALUE
     SELECT ${columns} FROM json_to_recordset($1::json) AS archived(${shape.join(', ')})`,
    JSON.stringify(rows.map(({ values }) => values)),
  );
}

/** What is written from now on is counted behind what was archived. */
async function countOn(session: Session, { name, counter }: ArchiveTable): Promise<void> {
  if (counter === undefined) return;
  await session.get(
    `SELECT setval(pg_get_serial_sequence($1, $2), coalesce(max(${counter}), 0) + 1, false) FROM ${name}`,
    name,
    counter,
  );
}
