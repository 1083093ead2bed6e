import { ConfigError, FatalError, MillraceError, TransientError } from '../../core/errors.ts';

/** https://www.postgresql.org/docs/current/errcodes-appendix.html */
const lostStates = /^(08|57P0[1-5]|53300|25006|25P03)/;
const conflictStates = /^(40001|40P01|55P03)/;
const socketCodes = /^(ECONN|EPIPE|ETIMEDOUT|EHOST|ENET|EAI_AGAIN|ENOTFOUND)/;
const lostMessages =
  /Connection terminated|connection error|not queryable|timeout expired|read timeout|timeout exceeded|ended unexpectedly/i;

/**
 * - `lost`: the server cannot be reached, is restarting, or has closed the connection.
 * - `conflict`: the transaction was rolled back in favour of another one; it may be tried again.
 */
export type Trouble = 'lost' | 'conflict' | 'other';

export function troubleOf(error: unknown): Trouble {
  if (!(error instanceof Error) || error instanceof MillraceError) return 'other';
  const code = codeOf(error);
  if (conflictStates.test(code)) return 'conflict';
  return lostStates.test(code) || socketCodes.test(code) || lostMessages.test(error.message)
    ? 'lost'
    : 'other';
}

/** Says in Millrace's words what happened to the ledger called `name`. Errors of Millrace are returned as they are. */
export function ledgerError(error: unknown, name: string): unknown {
  if (!(error instanceof Error) || error instanceof MillraceError) return error;
  const trouble = troubleOf(error);
  if (trouble === 'lost') {
    return new TransientError(`The run ledger on ${name} cannot be reached (${reasonOf(error)})`, {
      code: 'ledger_unreachable',
      state: 'What was written before is safe; the unfinished runs stay in the ledger as they were.',
      next: 'See that the server runs and may be reached, then run the same command: it continues.',
      cause: error,
    });
  }
  if (trouble === 'conflict') {
    return new TransientError(`The run ledger on ${name} is kept busy by other processes`, {
      code: 'ledger_busy',
      state: 'Nothing was written.',
      next: 'Try again; if it stays so, look for a long transaction on that server.',
      cause: error,
    });
  }
  return serverError(error, name);
}

function serverError(error: Error, name: string): unknown {
  const code = codeOf(error);
  if (code.startsWith('28') || /SASL|password must be a string/i.test(error.message)) {
    return refused(`The run ledger on ${name} refused the login (${error.message})`, 'ledger_login_failed');
  }
  if (code === '3D000') {
    return refused(`There is no such database for the run ledger: ${name}`, 'ledger_database_missing');
  }
  if (code === '42501') {
    return refused(
      `The run ledger's user may not do this on ${name} (${error.message})`,
      'ledger_login_failed',
    );
  }
  if (code === '53100') {
    return new FatalError(`The run ledger on ${name} has no room left on its disk (${error.message})`, {
      code: 'ledger_full',
      state: 'What was written before is safe; the unfinished runs stay in the ledger as they were.',
      next: 'Free some space, then run the same command: it continues.',
      cause: error,
    });
  }
  if (/certificate|altname|does not support SSL/i.test(error.message)) {
    return refused(`TLS to the run ledger on ${name} failed (${error.message})`, 'ledger_tls_failed');
  }
  return new FatalError(`The run ledger on ${name}: ${error.message}`, {
    code: /^(42|XX)/.test(code) ? 'ledger_corrupt' : 'ledger_unreadable',
    next: 'If its tables were changed by hand, restore them from a backup, or name another schema.',
    cause: error,
  });
}

function refused(message: string, code: string): ConfigError {
  return new ConfigError(message, {
    code,
    state: 'Nothing was run.',
    next: 'Correct the URL of the ledger in millrace.config.ts or in MILLRACE_LEDGER_URL.',
  });
}

function codeOf(error: Error): string {
  return 'code' in error && typeof error.code === 'string' ? error.code : '';
}

function reasonOf(error: Error): string {
  return error.message || codeOf(error);
}
