import { expect, it } from 'vitest';
import { CancelledError } from '../core/errors.ts';
import { rateLimiter, sharedLimiters } from './rate-limiter.ts';

const never = new AbortController().signal;

it('lets no more requests begin in any window than allowed', async () => {
  let nowSeconds = 100;
  const begun: number[] = [];
  const limiter = rateLimiter(
    { requests: 2, perSeconds: 10 },
    {
      nowSeconds: () => nowSeconds,
      wait: async (seconds) => {
        nowSeconds += Math.max(0, seconds);
      },
    },
  );
  const ask = async (): Promise<void> => {
    await limiter.take(never);
    begun.push(nowSeconds);
    nowSeconds += 1;
  };
  for (let index = 0; index < 5; index += 1) await ask();
  expect(begun).toEqual([100, 101, 110, 111, 120]);
});

it('keeps working for others when one gives up its place in line', async () => {
  const abort = new AbortController();
  abort.abort();
  const limiter = rateLimiter(
    { requests: 1, perSeconds: 1 },
    {
      nowSeconds: () => 0,
      wait: async (_, signal) => {
        if (signal.aborted) throw new CancelledError('cancelled', { code: 'cancelled' });
      },
    },
  );
  await limiter.take(never);
  await expect(limiter.take(abort.signal)).rejects.toMatchObject({ kind: 'cancelled' });
  await expect(limiter.take(never)).resolves.toBeUndefined();
});

it('is one per destination and limit', () => {
  const limiterOf = sharedLimiters();
  const limit = { requests: 5, perSeconds: 1 };
  expect(limiterOf('CRM', limit)).toBe(limiterOf('crm', { ...limit }));
  expect(limiterOf('CRM', limit)).not.toBe(limiterOf('MAIL', limit));
  expect(limiterOf('CRM', undefined)).toBeUndefined();
});
