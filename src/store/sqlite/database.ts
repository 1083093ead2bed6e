import { mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import type { Row } from '../record/row.ts';
import { ledgerError, ledgerGone } from './error.ts';
import { migrate } from './migration.ts';

/** How long a write waits for another process's write. Writes take milliseconds. */
const busyTimeoutMilliseconds = 10_000;

/** The ledger's file with cached statements. Everything is synchronous: no other code runs in between. */
export interface LedgerDatabase {
  /** Returns the number of changed rows. */
  run(sql: string, ...values: readonly SQLInputValue[]): number;
  get(sql: string, ...values: readonly SQLInputValue[]): Row | undefined;
  all(sql: string, ...values: readonly SQLInputValue[]): readonly Row[];
  /** All or nothing, with the write lock from the start. */
  write<Result>(work: () => Result): Result;
  /** Sees one state of the ledger. */
  read<Result>(work: () => Result): Result;
  close(): void;
}

/**
 * Opens or creates the file and brings its schema up to date. WAL with `synchronous = NORMAL`: what a
 * call has written survives a killed process; after a power cut the last transactions may be missing, never torn.
 */
export function openDatabase(path: string): LedgerDatabase {
  try {
    if (path !== ':memory:') mkdirSync(dirname(path), { recursive: true });
    const database = new DatabaseSync(path, {
      timeout: busyTimeoutMilliseconds,
      enableForeignKeyConstraints: true,
    });
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL');
    migrate(database, path);
    return wrapDatabase(database, path, presenceCheck(path));
  } catch (error) {
    throw ledgerError(error, path);
  }
}

/** Throws once `path` no longer is the file that was opened: what is written then is lost with the process. */
function presenceCheck(path: string): () => void {
  if (path === ':memory:') return () => undefined;
  const inode = (): number | undefined => statSync(path, { throwIfNoEntry: false })?.ino;
  const opened = inode();
  return () => {
    if (inode() !== opened) throw ledgerGone(path);
  };
}

function wrapDatabase(database: DatabaseSync, path: string, requirePresence: () => void): LedgerDatabase {
  const statements = new Map<string, StatementSync>();
  const prepared = (sql: string): StatementSync => {
    const known = statements.get(sql);
    if (known) return known;
    const statement = database.prepare(sql);
    statements.set(sql, statement);
    return statement;
  };
  const transaction = <Result>(begin: string, work: () => Result): Result => {
    try {
      prepared(begin).run();
      const result = work();
      prepared('COMMIT').run();
      return result;
    } catch (error) {
      if (database.isOpen && database.isTransaction) database.exec('ROLLBACK');
      throw ledgerError(error, path);
    }
  };
  return {
    run: (sql, ...values) => Number(prepared(sql).run(...values).changes),
    get: (sql, ...values) => prepared(sql).get(...values),
    all: (sql, ...values) => prepared(sql).all(...values),
    write: (work) =>
      transaction('BEGIN IMMEDIATE', () => {
        requirePresence();
        return work();
      }),
    read: (work) => transaction('BEGIN', work),
    close: () => {
      if (database.isOpen) database.close();
    },
  };
}
