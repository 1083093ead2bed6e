import { nearest } from '../config/suggestion.ts';
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

/** A mistake in a report's file. Nothing was run. */
export function reportMistake(message: string, code: string, origin: Origin, next?: string): ConfigError {
  return new ConfigError(message, { code, origin, next: next ?? 'Mend the line, then run: millrace check' });
}

/** `, did you mean 'revenue'?` when one of `known` is near to `word`, else the list of what there is. */
export function suggest(word: string, known: readonly string[]): string {
  const near = nearest(word, known);
  if (near !== undefined) return `, did you mean '${near}'?`;
  return known.length === 0 ? '' : `; known: ${known.join(', ')}`;
}

/** The same failure, told with the report's query and its place, so that its kind still decides about retries. */
export function inQuery(error: unknown, queryName: string, origin: Origin): MillraceError {
  const message = `Query ${queryName} failed: ${error instanceof Error ? error.message : String(error)}`;
  const known = error instanceof MillraceError ? error : undefined;
  const detail: ErrorDetail = {
    code: known?.code ?? 'query_failed',
    origin: known?.origin ?? origin,
    next: known?.next ?? 'Mend the SQL, then run: millrace check',
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
