import { MillraceError } from '../core/errors.ts';
import type { ScheduleTick } from '../core/ledger.ts';
import type { Plan } from '../core/plan.ts';
import type { ScheduleDefinition } from '../core/schedule.ts';
import { createTimetable, type Timetable } from './cron.ts';
import { readPartitionWorld } from './partition/partition-world.ts';
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
        if (entry.nextAtMs === undefined || startOf(entry.definition, entry.nextAtMs) > nowMs) continue;
        if (!(await fireMissed(place, entry, nowMs))) {
          const nominalAtMs = Math.max(entry.nextAtMs, entry.timetable?.latest(nowMs) ?? 0);
          const isLate = nominalAtMs > entry.nextAtMs;
          await fire(place, entry.definition, nominalAtMs, isLate ? entry.nextAtMs : undefined);
        }
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

/** Times of a schedule that are made up for. */
const mostMissed = 100;

/** With `catchUp: 'all'`, when there are several times: a run for each. False when this is not such a case. */
async function fireMissed(place: Workplace, entry: Entry, nowMs: number): Promise<boolean> {
  const { definition, timetable, nextAtMs } = entry;
  if (definition.catchUp !== 'all' || !timetable || nextAtMs === undefined) return false;
  const missed: number[] = [];
  for (let atMs: number | undefined = nextAtMs; atMs !== undefined && atMs <= nowMs;) {
    missed.push(atMs);
    if (missed.length > mostMissed) missed.shift();
    atMs = timetable.next(atMs);
  }
  const [oldest = nextAtMs] = missed;
  if (missed.length < 2) return false;
  for (const atMs of missed)
    await start(place, definition, atMs, atMs === oldest && oldest > nextAtMs ? nextAtMs : undefined);
  return true;
}

/** When the run of a nominal time is to start. */
function startOf({ name, jitterSeconds = 0 }: ScheduleDefinition, nominalAtMs: number): number {
  if (jitterSeconds === 0) return nominalAtMs;
  let hash = 2_166_136_261;
  for (const letter of `${name} ${nominalAtMs}`)
    hash = Math.imul(hash ^ (letter.codePointAt(0) ?? 0), 16_777_619);
  return nominalAtMs + Math.floor(((hash >>> 0) / 2 ** 32) * jitterSeconds * 1000);
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
  await start(place, schedule, nominalAtMs, missedSinceMs);
}

async function start(
  place: Workplace,
  schedule: ScheduleDefinition,
  nominalAtMs: number,
  missedSinceMs: number | undefined,
): Promise<void> {
  const atMs = place.clock.nowMs();
  const tick: ScheduleTick = { schedule: schedule.name, nominalAtMs, atMs };
  const plan = await planSchedule(place, schedule, nominalAtMs);
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

/** The plan, or why there is none. Of what has partitions it is about the newest that were over at the nominal time. */
async function planSchedule(
  place: Workplace,
  schedule: ScheduleDefinition,
  nominalAtMs: number,
): Promise<Plan | MillraceError> {
  const { graph, manifestHash } = place.definitions();
  const { select, exclude, options } = schedule;
  const world = await readPartitionWorld(place.store, graph, nominalAtMs);
  try {
    return makePlan(graph, { select, exclude, manifestHash, options, world });
  } catch (error) {
    if (error instanceof MillraceError) return error;
    throw error;
  }
}

function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}
