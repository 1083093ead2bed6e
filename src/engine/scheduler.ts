import { MillraceError } from '../core/errors.ts';
import type { ScheduleTick } from '../core/ledger.ts';
import type { Plan } from '../core/plan.ts';
import type { ScheduleDefinition } from '../core/schedule.ts';
import { createTimetable, type Timetable } from './cron.ts';
import { makePlan } from './planner.ts';
import { createRunId } from './run-id.ts';
import type { Workplace } from './workplace.ts';

/** Turns the times of schedules into runs. A nominal time makes one tick and at most one run, however often it is looked at. */
export interface Scheduler {
  /** Starts the runs that are due. Call it often. Throws only errors of the ledger. */
  check(): Promise<void>;
}

interface Entry {
  readonly definition: ScheduleDefinition;
  /** Absent when the definition is wrong: `checkSchedules` has said so. */
  readonly timetable: Timetable | undefined;
  nextAtMs: number | undefined;
}

export function createScheduler(place: Workplace): Scheduler {
  const entries = new Map<string, Entry>();

  const refresh = async (): Promise<void> => {
    const { schedules } = place.definitions();
    const names = new Set(schedules.map((schedule) => schedule.name));
    for (const name of entries.keys()) if (!names.has(name)) entries.delete(name);
    for (const definition of schedules) {
      const known = entries.get(definition.name)?.definition;
      if (known === definition) continue;
      const isSameTime = known?.cron === definition.cron && known.timeZone === definition.timeZone;
      const nextAtMs = isSameTime ? entries.get(definition.name)?.nextAtMs : undefined;
      entries.set(definition.name, await createEntry(place, definition, nextAtMs));
    }
  };

  return {
    check: async () => {
      await refresh();
      for (const entry of entries.values()) {
        const nowMs = place.clock.nowMs();
        if (entry.nextAtMs === undefined || entry.nextAtMs > nowMs) continue;
        const nominalAtMs = Math.max(entry.nextAtMs, entry.timetable?.latest(nowMs) ?? 0);
        const isLate = nominalAtMs > entry.nextAtMs;
        await fire(place, entry.definition, nominalAtMs, isLate ? entry.nextAtMs : undefined);
        entry.nextAtMs = entry.timetable?.next(nowMs);
      }
    },
  };
}

async function createEntry(
  place: Workplace,
  definition: ScheduleDefinition,
  nextAtMs: number | undefined,
): Promise<Entry> {
  const timetable = tryTimetable(definition);
  if (!timetable || nextAtMs !== undefined) return { definition, timetable, nextAtMs };
  const nowMs = place.clock.nowMs();
  const [last] = definition.catchUp ? await place.store.ticks(definition.name, 1) : [];
  return { definition, timetable, nextAtMs: timetable.next(last?.nominalAtMs ?? nowMs) };
}

function tryTimetable(definition: ScheduleDefinition): Timetable | undefined {
  try {
    return createTimetable(definition);
  } catch {
    return undefined;
  }
}

async function fire(
  place: Workplace,
  schedule: ScheduleDefinition,
  nominalAtMs: number,
  missedSinceMs: number | undefined,
): Promise<void> {
  const atMs = place.clock.nowMs();
  const tick: ScheduleTick = { schedule: schedule.name, nominalAtMs, atMs };
  const [open] = await place.store.listRuns({
    schedule: schedule.name,
    states: ['queued', 'running', 'cancelling'],
    limit: 1,
  });
  if (open) {
    const reason = `Skipped: the run ${open.id} of this schedule is still ${open.state}`;
    await place.store.recordTick({ ...tick, reason });
    return;
  }
  const plan = planSchedule(place, schedule);
  if (plan instanceof MillraceError) {
    await place.store.recordTick({ ...tick, reason: `Skipped: ${place.redact(plan.message)}` });
    return;
  }
  const runId = createRunId(atMs);
  const missed =
    missedSinceMs === undefined ? undefined : `Stands for all times since ${isoTime(missedSinceMs)}`;
  const trigger = { kind: 'schedule', schedule: schedule.name, nominalAtMs } as const;
  await place.store.createRun(
    { id: runId, plan, trigger, createdAtMs: atMs },
    { ...tick, runId, reason: missed },
  );
  place.written.notify();
  place.queued.notify();
}

/** The plan, or why there is none. */
function planSchedule(place: Workplace, schedule: ScheduleDefinition): Plan | MillraceError {
  const { graph, manifestHash } = place.definitions();
  const { select, exclude, options } = schedule;
  try {
    return makePlan(graph, { select, exclude, manifestHash, options });
  } catch (error) {
    if (error instanceof MillraceError) return error;
    throw error;
  }
}

function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}
