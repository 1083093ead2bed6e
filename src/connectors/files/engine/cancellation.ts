import { CancelledError } from '../../../core/errors.ts';

export function cancelled(): CancelledError {
  return new CancelledError('Working on the files was cancelled.', { code: 'cancelled' });
}

/** The same pieces until the signal is aborted, which is a `CancelledError`. */
export async function* untilAborted<T>(
  pieces: AsyncIterable<T>,
  signal: AbortSignal | undefined,
): AsyncGenerator<T> {
  for await (const piece of pieces) {
    if (signal?.aborted) throw cancelled();
    yield piece;
  }
}
