import { TransientError } from '../../core/errors.ts';

/** Something that is done again and again beside the runs, and may fail for a while without holding anything up. */
export interface Chore {
  readonly name: string;
  /** How often it is looked after when there is nothing at once. Default: the round's poll interval. */
  readonly everySeconds?: number;
  /** True when there may be more to do at once. Throws when it should be tried again later. */
  work(signal: AbortSignal): Promise<boolean>;
}

export interface Rounds {
  /** Ends after a last try of everything, which takes `flushMilliseconds` at most. */
  close(): Promise<void>;
}

export interface RoundsOptions {
  readonly report: (message: string) => void;
  readonly pollMilliseconds?: number | undefined;
  readonly flushMilliseconds?: number | undefined;
}

const longestDelayMilliseconds = 60_000;

/** Does each chore by itself until `close`: one whose receiver is away does not keep the others waiting. */
export function startRounds(chores: readonly Chore[], options: RoundsOptions): Rounds {
  const closing = new AbortController();
  // What is on its way when the end comes may arrive: broken off, it would be sent twice.
  const breakOff = new AbortController();
  const signals = { closing: closing.signal, breakOff: breakOff.signal };
  const working = chores.map((chore) => goRound(chore, options, signals));
  return {
    close: async () => {
      closing.abort();
      const timer = setTimeout(() => breakOff.abort(), options.flushMilliseconds ?? 5000);
      await Promise.all(working);
      await Promise.all(chores.map((chore) => flush(chore, breakOff.signal, options.report)));
      clearTimeout(timer);
    },
  };
}

interface Signals {
  readonly closing: AbortSignal;
  readonly breakOff: AbortSignal;
}

async function goRound(chore: Chore, options: RoundsOptions, { closing, breakOff }: Signals): Promise<void> {
  const poll =
    chore.everySeconds === undefined ? (options.pollMilliseconds ?? 1000) : chore.everySeconds * 1000;
  let failures = 0;
  while (!closing.aborted) {
    let delay = poll;
    try {
      while ((await chore.work(breakOff)) && !closing.aborted);
      if (failures > 0) options.report(`${chore.name}: is taken again`);
      failures = 0;
    } catch (error) {
      if (closing.aborted) return;
      if (failures === 0)
        options.report(`${chore.name}: ${messageOf(error)}. It is tried again; nothing waits for it`);
      failures += 1;
      delay = delayAfter(error, failures, poll);
    }
    await sleep(delay, closing);
  }
}

function delayAfter(error: unknown, failures: number, poll: number): number {
  const asked = error instanceof TransientError ? error.retryAfterSeconds : undefined;
  if (asked !== undefined) return Math.min(asked * 1000, longestDelayMilliseconds);
  const doubled = poll * 2 ** Math.min(failures - 1, 10);
  return Math.min(doubled, longestDelayMilliseconds) * (0.5 + Math.random() / 2);
}

async function flush(chore: Chore, limit: AbortSignal, report: (message: string) => void): Promise<void> {
  try {
    while (!limit.aborted && (await chore.work(limit)));
  } catch (error) {
    report(`${chore.name}: ${messageOf(error)}. The next millrace in this project tries again`);
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Does not keep the process alive. */
function sleep(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const wake = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', wake);
      resolve();
    };
    const timer = setTimeout(wake, milliseconds).unref();
    signal.addEventListener('abort', wake);
  });
}
