import type { RateLimit } from './sync.ts';
import { wait } from './wait.ts';

/** Lets at most so many requests begin within any window of time; the others wait in line. */
export interface RateLimiter {
  /** Resolves when the next request may begin. */
  take(signal: AbortSignal): Promise<void>;
}

export function rateLimiter(limit: RateLimit): RateLimiter {
  const begunAtMs: number[] = [];
  let line: Promise<void> = Promise.resolve();

  async function takeTurn(signal: AbortSignal): Promise<void> {
    const oldest = begunAtMs.length < limit.requests ? undefined : begunAtMs.shift();
    if (oldest !== undefined) await wait(oldest / 1000 + limit.perSeconds - performance.now() / 1000, signal);
    begunAtMs.push(performance.now());
  }

  return {
    take: (signal) => {
      const turn = line.then(() => takeTurn(signal));
      line = turn.catch(() => undefined);
      return turn;
    },
  };
}

/** One limiter per destination and limit, so that syncs to the same system share it. */
export function sharedLimiters(): (
  destination: string,
  limit: RateLimit | undefined,
) => RateLimiter | undefined {
  const limiters = new Map<string, RateLimiter>();
  return (destination, limit) => {
    if (!limit) return undefined;
    const key = `${destination.toUpperCase()} ${limit.requests}/${limit.perSeconds}`;
    const limiter = limiters.get(key) ?? rateLimiter(limit);
    limiters.set(key, limiter);
    return limiter;
  };
}
