import { nearest } from '../core/near-name.ts';
import {
  CancelledError,
  ConfigError,
  DataError,
  FatalError,
  MillraceError,
  TransientError,
  type ErrorDetail,
} from '../core/errors.ts';
import type { Origin } from '../core/origin.ts';
import type { ReportQuery } from './report.ts';

/** A mistake in a report's file. Nothing was run. */
export function reportMistake(message: string, code: string, origin: Origin, next?: string): ConfigError {
  return new ConfigError(message, { code, origin, ...(next === undefined ? {} : { next }) });
}

/** `, did you mean 'revenue'?` when one of `known` is near to `word`, else the list of what there is. */
export function suggest(word: string, known: readonly string[]): string {
  const near = nearest(word, known);
  if (near !== undefined) return `, did you mean '${near}'?`;
  return known.length === 0 ? '' : `; known: ${known.join(', ')}`;
}

/** A query that failed, and the command that tries it again. */
export interface FailedQuery {
  readonly query: ReportQuery;
  /** What was run, when it came that far. */
  readonly compiled?: string;
  readonly command: string;
}

/** The same failure, told with the query and its line, and of the same kind, which decides about retries. */
export function inQuery(error: unknown, { query, compiled, command }: FailedQuery): MillraceError {
  const reason = error instanceof Error ? error.message : String(error);
  const message = `Query ${query.name} failed: ${reason}`;
  const known = error instanceof MillraceError ? error : undefined;
  const detail: ErrorDetail = {
    code: known?.code ?? 'query_failed',
    origin: known?.origin ?? failedLine(reason, query, compiled),
    next: known?.next ?? `Mend the SQL, then run: ${command}`,
    cause: error,
    ...(known?.state === undefined ? {} : { state: known.state }),
  };
  if (known instanceof TransientError) {
    const wait = known.retryAfterSeconds;
    return new TransientError(message, {
      ...detail,
      ...(wait === undefined ? {} : { retryAfterSeconds: wait }),
    });
  }
  if (known?.kind === 'cancelled') return new CancelledError(known.message, detail);
  if (known?.kind === 'config') return new ConfigError(message, detail);
  if (known?.kind === 'data') return new DataError(message, detail);
  return new FatalError(message, detail);
}

/** The line that the database names, as long as compiling has not moved the lines. */
function failedLine(reason: string, query: ReportQuery, compiled: string | undefined): Origin {
  const { file, line = 1 } = query.origin;
  const named = Number(/\bLINE (\d+)\b/.exec(reason)?.[1] ?? 1);
  const lineCount = query.sql.split('\n').length;
  const unmoved = compiled?.split('\n').length === lineCount && named <= lineCount;
  return { file, line: unmoved ? line + named - 1 : line };
}
