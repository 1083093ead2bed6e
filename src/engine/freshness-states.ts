import { type Freshness, type FreshnessState, freshnessState } from '../core/freshness.ts';
import type { NodeKey } from '../core/node.ts';
import { createTimetable, type Timetable } from './cron.ts';

/** How fresh each node is that something is expected of. `madeAtMs` by key; absent for what was never made. `windowsDueMs`: see `dueWindows`. */
export function freshnessStates(
  expected: ReadonlyMap<NodeKey, Freshness>,
  madeAtMs: ReadonlyMap<NodeKey, number>,
  nowMs: number,
  windowsDueMs: ReadonlyMap<NodeKey, number>,
): ReadonlyMap<NodeKey, FreshnessState> {
  const timetables = new Map<string, Timetable>();
  return new Map(
    [...expected].map(([key, freshness]) => [
      key,
      freshnessState(
        freshness,
        madeAtMs.get(key),
        nowMs,
        ({ cron, timeZone }) => {
          const name = `${cron} ${timeZone}`;
          const timetable = timetables.get(name) ?? createTimetable({ name, cron, timeZone, select: '' });
          timetables.set(name, timetable);
          const last = timetable.latest(nowMs);
          const beforeLast = last === undefined ? undefined : timetable.latest(last - 1000);
          return { last, beforeLast, next: timetable.next(nowMs) };
        },
        windowsDueMs.get(key),
      ),
    ]),
  );
}
