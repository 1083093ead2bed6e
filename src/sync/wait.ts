import { setTimeout as sleep } from 'node:timers/promises';
import { CancelledError } from '../core/errors.ts';

/** Does nothing for so long; not at all for zero or less. Throws `CancelledError` when aborted. */
export async function wait(seconds: number, signal: AbortSignal): Promise<void> {
  throwIfCancelled(signal);
  if (seconds <= 0) return;
  await sleep(seconds * 1000, undefined, { signal }).catch(() => throwIfCancelled(signal));
}

export function throwIfCancelled(signal: AbortSignal): void {
  if (!signal.aborted) return;
  throw new CancelledError('the sync was cancelled', {
    code: 'cancelled',
    state: 'What the destination acknowledged is kept; the next run sends the rest.',
  });
}
