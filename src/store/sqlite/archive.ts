import { DatabaseSync, type StatementSync } from 'node:sqlite';
import type { JsonValue } from '../../core/json.ts';
import {
  archiveTables,
  type ArchiveRow,
  type ArchiveTable,
  columnList,
  type ColumnKind,
  type LedgerArchive,
  tableOf,
  toArchiveRow,
} from '../record/archive-table.ts';
import { ledgerNotEmpty } from '../record/not-empty.ts';
import { openDatabase } from './database.ts';
import { ledgerError } from './error.ts';

/** The ledger in an SQLite file, as a whole; made or brought forward first. */
export async function openSqliteArchive(path: string): Promise<LedgerArchive> {
  openDatabase(path).close();
  const database = new DatabaseSync(path, { timeout: 10_000, enableForeignKeyConstraints: true });
  return {
    read: () => readAll(database, path),
    write: async (rows, isReplacing) => {
      try {
        return await writeAll(database, path, rows, isReplacing);
      } catch (error) {
        if (database.isTransaction) database.exec('ROLLBACK');
        throw ledgerError(error, path);
      }
    },
    close: async () => database.close(),
  };
}

async function* readAll(database: DatabaseSync, path: string): AsyncIterable<ArchiveRow> {
  try {
    database.exec('BEGIN');
    for (const table of archiveTables) {
      const sql = `SELECT ${columnList(table)} FROM ${table.name} ORDER BY ${table.order ?? 'rowid'}`;
      for (const row of database.prepare(sql).iterate()) yield toArchiveRow(table, row);
    }
    database.exec('COMMIT');
  } catch (error) {
    throw ledgerError(error, path);
  }
}

async function writeAll(
  database: DatabaseSync,
  path: string,
  rows: AsyncIterable<ArchiveRow>,
  isReplacing: boolean,
): Promise<number> {
  database.exec('BEGIN IMMEDIATE');
  const count = (table: string): number =>
    Number(database.prepare(`SELECT count(*) AS n FROM ${table}`).get()?.['n']);
  if (isReplacing) {
    for (const { name } of archiveTables.toReversed()) database.exec(`DELETE FROM ${name}`);
  } else if (archiveTables.some(({ name }) => count(name) > 0)) throw ledgerNotEmpty(path, count('runs'));
  const inserts = new Map(archiveTables.map((table) => [table.name, prepareInsert(database, table)]));
  for await (const row of rows) {
    const { columns } = tableOf(row);
    const values = Object.entries(columns).map(([column, kind]) =>
      toStored(row.values[column] ?? null, kind),
    );
    inserts.get(row.table)?.run(...values);
  }
  const runs = count('runs');
  database.exec('COMMIT');
  return runs;
}

function prepareInsert(database: DatabaseSync, table: ArchiveTable): StatementSync {
  const places = Object.keys(table.columns).map(() => '?');
  return database.prepare(`INSERT INTO ${table.name} (${columnList(table)}) VALUES (${places.join(', ')})`);
}

function toStored(value: JsonValue, kind: ColumnKind): string | number | null {
  if (value === null) return null;
  if (kind === 'json') return JSON.stringify(value);
  return typeof value === 'string' ? value : Number(value);
}
