import { TransientError } from '../../core/errors.ts';

/** True if the server itself stopped a statement: to go on replaying, or because it took too long. */
export function isCancelledByServer(error: unknown): error is TransientError {
  return (
    error instanceof TransientError &&
    (error.code === 'transaction_conflict' || error.code === 'statement_cancelled')
  );
}
