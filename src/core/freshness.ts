/** How old a node may be. One of `maxAgeSeconds`, `deadline` and `windowLagSeconds` is there. */
export interface Freshness {
  /** Since it was last made. */
  readonly maxAgeSeconds?: number;
  /** From here on it is `warn`. */
  readonly warnAgeSeconds?: number;
  /** At each time of the cron it has to have been made since the time before it. */
  readonly deadline?: { readonly cron: string; readonly timeZone: string };
  /** Each window of time, from the first one that was made on, has to be made so long after its end. */
  readonly windowLagSeconds?: number;
}

export type FreshnessCondition = 'fresh' | 'warn' | 'stale';

export interface FreshnessState {
  readonly condition: FreshnessCondition;
  /** Since when it is stale, or when it will be if it is not made before. Milliseconds since 1970, UTC. */
  readonly staleAtMs?: number;
}

/** The times of a deadline, up to a moment. */
export interface DeadlineTimes {
  /** The last one, and the one before it; undefined when there was none yet. */
  readonly last: number | undefined;
  readonly beforeLast: number | undefined;
  readonly next: number | undefined;
}

/**
 * How fresh something is that was made at `madeAtMs`, undefined for never. `deadlineTimes` gives the times of the
 * deadline at `nowMs`, `windowDueMs` is when the first window that is not made has to be.
 */
export function freshnessState(
  freshness: Freshness,
  madeAtMs: number | undefined,
  nowMs: number,
  deadlineTimes: (deadline: NonNullable<Freshness['deadline']>) => DeadlineTimes,
  windowDueMs?: number,
): FreshnessState {
  const { maxAgeSeconds, warnAgeSeconds, deadline, windowLagSeconds } = freshness;
  if (windowLagSeconds !== undefined) return windowState(windowDueMs, nowMs);
  if (deadline) return deadlineState(deadlineTimes(deadline), madeAtMs);
  if (madeAtMs === undefined || maxAgeSeconds === undefined) return { condition: 'stale' };
  const staleAtMs = madeAtMs + maxAgeSeconds * 1000;
  if (nowMs >= staleAtMs) return { condition: 'stale', staleAtMs };
  const isNear = warnAgeSeconds !== undefined && nowMs >= madeAtMs + warnAgeSeconds * 1000;
  return { condition: isNear ? 'warn' : 'fresh', staleAtMs };
}

/** Without windows there is nothing to be late. */
function windowState(dueMs: number | undefined, nowMs: number): FreshnessState {
  if (dueMs === undefined) return { condition: 'fresh' };
  return { condition: nowMs >= dueMs ? 'stale' : 'fresh', staleAtMs: dueMs };
}

function deadlineState(
  { last, beforeLast, next }: DeadlineTimes,
  madeAtMs: number | undefined,
): FreshnessState {
  const isMet = last === undefined || (madeAtMs ?? 0) > (beforeLast ?? 0);
  if (!isMet) return { condition: 'stale', staleAtMs: last };
  const isMetAgain = last === undefined || (madeAtMs ?? 0) > last;
  if (isMetAgain || next === undefined) return { condition: 'fresh' };
  return { condition: 'fresh', staleAtMs: next };
}

const units: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 };

/** Seconds of a text such as `90m`, `6h`, `1d 12h`; undefined for any other. */
export function parseDuration(text: string): number | undefined {
  const parts = text.trim().split(/\s+/);
  let seconds = 0;
  for (const part of parts) {
    const [, count, unit = ''] = /^(\d+(?:\.\d+)?)([smhdw])$/.exec(part) ?? [];
    if (count === undefined) return undefined;
    seconds += Number(count) * (units[unit] ?? 0);
  }
  return seconds > 0 ? seconds : undefined;
}
