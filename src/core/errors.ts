import type { RelationRef } from './node.ts';
import { formatOrigin, type Origin } from './origin.ts';

/**
 * Errors are told apart by consequence, because that is what the engine decides on:
 *
 * - `config`: the user's files are wrong; nothing was run, nothing is retried.
 * - `transient`: the same call may go through later; retried by the step's retry policy.
 * - `data`: the rows do not fit what was declared; not retried, nothing was published.
 * - `fatal`: anything else; not retried.
 * - `cancelled`: somebody asked for it.
 */
export type ErrorKind = 'config' | 'transient' | 'data' | 'fatal' | 'cancelled';

/** What every Millrace error carries beside its message. */
export interface ErrorDetail {
  /** Searchable word, such as `connection_missing`. Stable across releases. */
  readonly code: string;
  /** Place in the user's files. */
  readonly origin?: Origin;
  /** What state things were left in, as one sentence. */
  readonly state?: string;
  /** The next command to run, or the next thing to change, as one sentence. */
  readonly next?: string;
  /** Of several tables that were to be written, those that were not; absent when none was, or nobody knows. */
  readonly relations?: readonly RelationRef[];
  readonly cause?: unknown;
}

export abstract class MillraceError extends Error {
  abstract readonly kind: ErrorKind;
  readonly code: string;
  readonly origin: Origin | undefined;
  readonly state: string | undefined;
  readonly next: string | undefined;
  readonly relations: readonly RelationRef[] | undefined;

  constructor(message: string, detail: ErrorDetail) {
    super(message, detail.cause === undefined ? undefined : { cause: detail.cause });
    this.name = new.target.name;
    this.code = detail.code;
    this.origin = detail.origin;
    this.state = detail.state;
    this.next = detail.next;
    this.relations = detail.relations;
  }
}

export class ConfigError extends MillraceError {
  override readonly kind = 'config';
}

export class TransientError extends MillraceError {
  override readonly kind = 'transient';
  /** What the other side asked for, for example by `Retry-After`. */
  readonly retryAfterSeconds: number | undefined;

  constructor(message: string, detail: ErrorDetail & { readonly retryAfterSeconds?: number }) {
    super(message, detail);
    this.retryAfterSeconds = detail.retryAfterSeconds;
  }
}

export class DataError extends MillraceError {
  override readonly kind = 'data';
}

export class FatalError extends MillraceError {
  override readonly kind = 'fatal';
}

export class CancelledError extends MillraceError {
  override readonly kind = 'cancelled';
}

/** Several mistakes in a project, found in one reading. Its `issues` are never empty. */
export class ProjectError extends MillraceError {
  override readonly kind = 'config';
  readonly issues: readonly MillraceError[];

  constructor(issues: readonly MillraceError[]) {
    const first = issues[0];
    super(issues.map((issue) => formatError(issue)).join('\n'), {
      code: issues.length === 1 && first ? first.code : 'project_invalid',
      next: 'Mend the places named above, then run: millrace check',
    });
    this.issues = issues;
  }
}

/** An error as plain data: what the ledger keeps, the API sends and the page shows. */
export interface Failure {
  readonly kind: ErrorKind;
  readonly code: string;
  readonly message: string;
  readonly origin?: Origin;
  readonly state?: string;
  readonly next?: string;
  /** As in `ErrorDetail`. */
  readonly relations?: readonly RelationRef[];
}

/** Turns anything thrown into plain data. Unknown errors become `fatal` with code `unexpected`. */
export function toFailure(error: unknown): Failure {
  if (error instanceof MillraceError) {
    return {
      kind: error.kind,
      code: error.code,
      message: error.message,
      ...(error.origin ? { origin: error.origin } : {}),
      ...(error.state === undefined ? {} : { state: error.state }),
      ...(error.next === undefined ? {} : { next: error.next }),
      ...(error.relations === undefined ? {} : { relations: error.relations }),
    };
  }
  const message = error instanceof Error ? error.message : String(error);
  return { kind: 'fatal', code: 'unexpected', message };
}

/** One readable block: place, message, state, next command. */
export function formatError(error: MillraceError | Failure): string {
  const lines = [error.origin ? `${formatOrigin(error.origin)}: ${error.message}` : error.message];
  if (error.state) lines.push(`  ${error.state}`);
  if (error.next) lines.push(`  Next: ${error.next}`);
  return lines.join('\n');
}
