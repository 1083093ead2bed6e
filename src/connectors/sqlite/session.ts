import { existsSync } from 'node:fs';
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import { FatalError } from '../../core/errors.ts';
import type { SqlSession } from '../../connector/connection.ts';
import type { ResultSet } from '../../connector/result-set.ts';
import { declaredDataType } from './declared-type.ts';
import { registerFunctions } from './functions.ts';
import { readableValue, resultColumnType } from './result-value.ts';
import { sqliteError, waitForLock } from './sqlite-error.ts';
import type { StoredValue } from './stored-value.ts';

/** Waits for locks are ours (`waitForLock`), so that they do not block the event loop. */
const noWait = { timeout: 0 };

/** Opens the file. Readers open it read-only, so that they can never hold back a writer in WAL mode. */
export function openDatabase(place: string, path: string, readOnly: boolean): DatabaseSync {
  try {
    return new DatabaseSync(path, { ...noWait, readOnly });
  } catch (error) {
    throw sqliteError(error, place);
  }
}

/**
 * Opens the file to write, in WAL mode if it is created by that. A table may be renamed into the place of another
 * that views read: with the old way of renaming SQLite does not look into them.
 */
export function openWritable(place: string, path: string): DatabaseSync {
  const created = !existsSync(path);
  const database = openDatabase(place, path, false);
  if (created) database.exec('pragma journal_mode = wal');
  database.exec('pragma legacy_alter_table = on');
  registerFunctions(database);
  return database;
}

export function sessionOf(place: string, database: DatabaseSync): SqlSession {
  return {
    query: (sql, parameters, signal) =>
      waitForLock(place, signal, () => queryRows(database, sql, parameters ?? [])),
    execute: (sql, parameters, signal) =>
      waitForLock(place, signal, () => countChanges(database, sql, parameters ?? [])),
  };
}

/** Of several statements, which may be given at once when there are no parameters, the last one's rows. */
function queryRows(database: DatabaseSync, sql: string, parameters: readonly unknown[]): ResultSet {
  const statement = parameters.length > 0 ? database.prepare(sql) : lastStatement(database, sql);
  const rows = storedRows(statement, parameters);
  const columns = statement.columns().map((column, index) => ({
    name: column.name,
    type: declaredDataType(column.type) ?? resultColumnType(rows, index),
    nullable: true,
  }));
  return {
    columns,
    rows: rows.map((row) => row.map((value, index) => readableValue(value, columns[index]?.type))),
  };
}

/** Runs those before it: SQLite compiles one, and leaves the rest of the text alone. */
function lastStatement(database: DatabaseSync, sql: string): StatementSync {
  let statement = database.prepare(sql);
  let rest = sql.slice(statement.sourceSQL.length);
  while (!isBlankSql(rest)) {
    statement.run();
    statement = database.prepare(rest);
    rest = rest.slice(statement.sourceSQL.length);
  }
  return statement;
}

/** White space, semicolons and comments. */
function isBlankSql(text: string): boolean {
  return /^(?:[\s;]|--[^\n]*(?:\n|$)|\/\*[\s\S]*?\*\/)*$/.test(text);
}

function storedRows(statement: StatementSync, parameters: readonly unknown[]): readonly StoredValue[][] {
  statement.setReadBigInts(true);
  statement.setReturnArrays(true);
  return statement.all(...parameters.map(inputValue)) as unknown as StoredValue[][];
}

/** Several statements may be given at once when there are no parameters. */
function countChanges(database: DatabaseSync, sql: string, parameters: readonly unknown[]): number {
  if (parameters.length > 0) return Number(database.prepare(sql).run(...parameters.map(inputValue)).changes);
  const before = totalChanges(database);
  database.exec(sql);
  return totalChanges(database) - before;
}

function totalChanges(database: DatabaseSync): number {
  return Number(database.prepare('select total_changes() as changes').get()?.['changes'] ?? 0);
}

function inputValue(value: unknown): SQLInputValue {
  if (value === undefined || value === null) return null;
  if (typeof value === 'boolean') return value ? 1 : 0;
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'bigint') return value;
  if (value instanceof Uint8Array) return value;
  if (value instanceof Date) return value.toISOString();
  if (typeof value === 'object') return JSON.stringify(value);
  throw new FatalError(`SQLite cannot take a parameter of type ${typeof value}.`, { code: 'parameter_type' });
}

/** A SELECT as a table, with what SQLite knows of its columns before running it. */
export interface QueryShape {
  readonly from: string;
  readonly columns: readonly { readonly name: string; readonly declared: string | null }[];
}

export function resultColumns(place: string, database: DatabaseSync, sql: string): QueryShape {
  try {
    const from = `(${sql})`;
    const columns = database.prepare(`select * from ${from}`).columns();
    return { from, columns: columns.map((column) => ({ name: column.name, declared: column.type })) };
  } catch (error) {
    throw sqliteError(error, place);
  }
}
