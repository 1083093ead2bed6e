import { TransientError } from '../core/errors.ts';
import type { RetryPolicy } from '../core/node.ts';

/**
 * Seconds to wait before the next try, or undefined when there is none: only transient errors are
 * tried again. Doubles up to the policy's limit; what the other side asked for is the least.
 */
export function retryDelaySeconds(
  policy: RetryPolicy,
  failedAttempts: number,
  error: unknown,
): number | undefined {
  if (!(error instanceof TransientError) || failedAttempts >= policy.maxAttempts) return undefined;
  const backoff = Math.min(policy.delaySeconds * 2 ** (failedAttempts - 1), policy.maxDelaySeconds);
  return Math.max(backoff, error.retryAfterSeconds ?? 0);
}
