import { FatalError, MillraceError, TransientError } from '../../core/errors.ts';

/** Primary result codes of https://sqlite.org/rescode.html. */
const busy = 5;
const locked = 6;
const readOnly = 8;
const inputOutput = 10;
const corrupt = 11;
const full = 13;
const cannotOpen = 14;
const notADatabase = 26;

/** Says in Millrace's words what happened to the ledger's file. Other errors are returned as they are. */
export function ledgerError(error: unknown, path: string): unknown {
  if (error instanceof MillraceError || !(error instanceof Error)) return error;
  const code = primaryResultCode(error);
  if (code === busy || code === locked) {
    return new TransientError(`The run ledger ${path} is kept busy by another process`, {
      code: 'ledger_busy',
      state: 'Nothing was written.',
      next: 'Try again; if it stays so, end the process that holds the file.',
      cause: error,
    });
  }
  if (code === full || code === inputOutput) {
    const what = code === full ? 'has no room left on its disk' : 'cannot be read or written';
    return new FatalError(`The run ledger ${path} ${what} (${error.message})`, {
      code: code === full ? 'ledger_full' : 'ledger_unreadable',
      state: 'What was written before is safe; the unfinished runs stay in the ledger as they were.',
      next: 'Free some space or mend the disk, then run the same command: it continues.',
      cause: error,
    });
  }
  if (code === corrupt || code === notADatabase) {
    return new FatalError(`The run ledger ${path} is not a sound SQLite file (${error.message})`, {
      code: 'ledger_corrupt',
      next: 'Restore it from a backup, or move it away: the next run starts a new history.',
      cause: error,
    });
  }
  if (code === cannotOpen || code === readOnly || isFileError(error)) {
    return new FatalError(`The run ledger ${path} cannot be opened for writing (${error.message})`, {
      code: 'ledger_unreadable',
      next: 'Check that its folder exists and may be written.',
      cause: error,
    });
  }
  return error;
}

/** The file was removed or replaced while it was open. */
export function ledgerGone(path: string): FatalError {
  return new FatalError(`The run ledger ${path} was removed or replaced while it was in use`, {
    code: 'ledger_gone',
    state: 'The run was stopped; what it had published stays, unless that was removed too.',
    next: 'Run the same command again: it starts a new history.',
  });
}

function primaryResultCode(error: Error): number | undefined {
  if (!('errcode' in error) || typeof error.errcode !== 'number') return undefined;
  return error.errcode & 0xff;
}

function isFileError(error: Error): boolean {
  return 'syscall' in error;
}
