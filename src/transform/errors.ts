import { ConfigError, DataError, type ErrorDetail, FatalError, MillraceError } from '../core/errors.ts';
import { formatOrigin, type Origin } from '../core/origin.ts';
import { type CompiledSql, originAt, originOfLine } from './compile/compiled-sql.ts';

/**
 * An error of the database while it ran `statement`, as an error at the place in the template that
 * made the failing part. Errors that are not about the statement (a lost connection, a cancel) are given back as they are.
 */
export function statementError(error: unknown, statement: CompiledSql, nodeOrigin: Origin): unknown {
  if (!(error instanceof MillraceError)) return error;
  if (error.kind === 'transient' || error.kind === 'cancelled') return error;
  const origin = placeOf(error, statement) ?? nodeOrigin;
  const where = origin.file === nodeOrigin.file ? '' : ` (used by ${formatOrigin(nodeOrigin)})`;
  const detail: ErrorDetail = {
    code: error.kind === 'config' ? 'sql_invalid' : error.code,
    origin,
    state: error.state ?? 'What was there before is as it was.',
    next: error.next ?? 'Mend the SQL; the compiled statement is in the log of the step at debug level.',
    cause: error,
  };
  const message = `the database refused the SQL${where}: ${error.message}`;
  if (error.kind === 'config') return new ConfigError(message, detail);
  return error.kind === 'data' ? new DataError(message, detail) : new FatalError(message, detail);
}

/** PostgreSQL tells an offset (from 1), DuckDB a line in its message. */
function placeOf(error: Error, statement: CompiledSql): Origin | undefined {
  const position = positionOf(error);
  if (position !== undefined) return originAt(statement, position - 1);
  const line = /\bLINE (\d+):/.exec(error.message)?.[1];
  if (line !== undefined) return originOfLine(statement, Number(line));
  const offset = offsetOfNamed(error.message, statement.sql);
  return offset === undefined ? undefined : originAt(statement, offset);
}

/** Where the SQL has the one word that the message complains of, such as `column "x" does not exist`. */
function offsetOfNamed(message: string, sql: string): number | undefined {
  const complaint = /(?:at or near|column|relation|function|type|schema) "?([\w.]+)"?/.exec(message)?.[1];
  const word = complaint?.split('.').at(-1);
  if (word === undefined || word === '') return undefined;
  const [first, ...more] = sql.matchAll(new RegExp(`\\b${word}\\b`, 'g'));
  return first && more.length === 0 ? first.index : undefined;
}

function positionOf(error: unknown): number | undefined {
  if (!(error instanceof Error)) return undefined;
  const position = 'position' in error ? Number(error.position) : Number.NaN;
  return Number.isInteger(position) && position > 0 ? position : positionOf(error.cause);
}
