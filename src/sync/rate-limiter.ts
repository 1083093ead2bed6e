import type { RateLimit } from './sync.ts';
import { wait } from './wait.ts';

/** Lets at most so many requests begin within any window of time; the others wait in line. */
export interface RateLimiter {
  /** Resolves when the next request may begin. */
  take(signal: AbortSignal): Promise<void>;
}

/** Time as the limiter needs it. */
export interface LimiterClock {
  nowSeconds(): number;
  wait(seconds: number, signal: AbortSignal): Promise<void>;
}

const systemClock: LimiterClock = { nowSeconds: () => performance.now() / 1000, wait };

export function rateLimiter(limit: RateLimit, clock: LimiterClock = systemClock): RateLimiter {
  const begunAtSeconds: number[] = [];
  let line: Promise<void> = Promise.resolve();

  async function takeTurn(signal: AbortSignal): Promise<void> {
    const oldest = begunAtSeconds.length < limit.requests ? undefined : begunAtSeconds[0];
    if (oldest !== undefined) {
      await clock.wait(oldest + limit.perSeconds - clock.nowSeconds(), signal);
      begunAtSeconds.shift();
    }
    begunAtSeconds.push(clock.nowSeconds());
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
