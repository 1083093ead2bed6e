import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RunStore } from '../core/ports.ts';
import type { ScheduleDefinition } from '../core/schedule.ts';
import { openSqliteLedger } from '../store/index.ts';
import { createEngine } from './create-engine.ts';
import type { Engine } from './engine.ts';
import { createManualClock, type ManualClock } from './manual-clock.fixture.ts';
import { asset, definitionsOf, testExecutor, type StepBody } from './project.fixture.ts';

const noonMs = Date.parse('2026-01-01T12:00:30Z');
const minuteMs = 60_000;

let store: RunStore;
let clock: ManualClock;
let schedules: readonly ScheduleDefinition[];
const engines: Engine[] = [];

beforeEach(async () => {
  store = await openSqliteLedger(':memory:');
  clock = createManualClock(noonMs);
  schedules = [{ name: 's', cron: '* * * * *', timeZone: 'UTC', select: 'a' }];
});
afterEach(async () => {
  for (const engine of engines.splice(0)) await engine.shutdown('abort');
  await store.close();
});

async function startEngine(bodies: Readonly<Record<string, StepBody>> = {}): Promise<Engine> {
  const nodes = [asset('a'), asset('b')];
  const engine = createEngine({
    store,
    executors: [testExecutor(bodies)],
    definitions: () => definitionsOf(nodes, schedules),
    clock,
  });
  engines.push(engine);
  await engine.start({ schedules: true });
  return engine;
}

function time(ms: number | undefined): string {
  return new Date(ms ?? 0).toISOString().slice(11, 19);
}

async function ticks(): Promise<readonly (readonly [string, string | undefined])[]> {
  return (await store.ticks('s', 100))
    .map((tick) => [time(tick.nominalAtMs), tick.reason] as const)
    .toReversed();
}

describe('a schedule', () => {
  it('starts one run per nominal time, from now on', async () => {
    await startEngine();
    await clock.advance(3 * minuteMs);
    const runs = await store.listRuns({ schedule: 's', limit: 10 });
    expect(runs.map((run) => [time(run.trigger.nominalAtMs), run.state, run.selection])).toEqual([
      ['12:03:00', 'succeeded', 'a'],
      ['12:02:00', 'succeeded', 'a'],
      ['12:01:00', 'succeeded', 'a'],
    ]);
    expect(await ticks()).toEqual([
      ['12:01:00', undefined],
      ['12:02:00', undefined],
      ['12:03:00', undefined],
    ]);
  });

  it('skips a time while its last run goes on, and says so', async () => {
    const gate = Promise.withResolvers<undefined>();
    await startEngine({ a: () => gate.promise });
    await clock.advance(2 * minuteMs);
    gate.resolve(undefined);
    await clock.advance(minuteMs);
    const [first] = await store.listRuns({ schedule: 's', limit: 1, beforeMs: noonMs + minuteMs });
    expect(await ticks()).toEqual([
      ['12:01:00', undefined],
      ['12:02:00', `Skipped: the run ${first?.id} of this schedule is still running`],
      ['12:03:00', undefined],
    ]);
  });

  it('that cannot be planned leaves the reason', async () => {
    schedules = [{ name: 's', cron: '* * * * *', timeZone: 'UTC', select: 'gone' }];
    await startEngine();
    await clock.advance(minuteMs);
    expect(await ticks()).toEqual([['12:01:00', 'Skipped: Nothing is named "gone"']]);
    expect(await store.listRuns({ limit: 1 })).toEqual([]);
  });

  it('follows a changed definition', async () => {
    await startEngine();
    await clock.advance(minuteMs);
    schedules = [{ name: 's', cron: '*/10 * * * *', timeZone: 'UTC', select: 'b' }];
    await clock.advance(10 * minuteMs);
    const runs = await store.listRuns({ schedule: 's', limit: 10 });
    expect(runs.map((run) => [time(run.trigger.nominalAtMs), run.selection])).toEqual([
      ['12:10:00', 'b'],
      ['12:01:00', 'a'],
    ]);
  });

  it.each([
    [false, ['12:01:00', '13:02:00']],
    [true, ['12:01:00', '13:01:00', '13:02:00']],
  ])('missed while nothing ran, with catchUp %s, gives %s', async (catchUp, expected) => {
    schedules = [{ name: 's', cron: '* * * * *', timeZone: 'UTC', select: 'a', catchUp }];
    const engine = await startEngine();
    await clock.advance(minuteMs);
    await engine.shutdown('finish');
    await clock.advance(60 * minuteMs);
    await startEngine();
    await clock.advance(minuteMs);
    const seen = await ticks();
    expect(seen.map(([at]) => at)).toEqual(expected);
    if (catchUp) expect(seen[1]?.[1]).toBe('Stands for all times since 2026-01-01T12:02:00.000Z');
  });

  it('missed while nothing ran runs for each time with catchUp all, the newest 100 at most', async () => {
    const runs = async (): Promise<readonly string[]> =>
      (await store.listRuns({ schedule: 's', limit: 200 })).map(({ trigger }) => time(trigger.nominalAtMs));
    schedules = [{ name: 's', cron: '*/20 * * * *', timeZone: 'UTC', select: 'a', catchUp: 'all' }];
    const engine = await startEngine();
    await clock.advance(20 * minuteMs);
    await engine.shutdown('finish');
    await clock.advance(60 * minuteMs);
    const second = await startEngine();
    await clock.advance(1000);
    expect((await runs()).toReversed()).toEqual(['12:20:00', '12:40:00', '13:00:00', '13:20:00']);
    await second.shutdown('finish');
    await clock.advance(50 * 60 * minuteMs);
    await startEngine();
    await clock.advance(1000);
    expect(await runs()).toHaveLength(104);
    const [tick] = (await store.ticks('s', 1000)).filter(({ reason }) => reason !== undefined);
    expect(tick?.reason).toBe('Stands for all times since 2026-01-01T13:40:00.000Z');
  });

  it('with jitter starts later, always by the same amount, and means the same time', async () => {
    schedules = [1, 2, 3, 4].map((number) => ({
      name: `s${number}`,
      cron: '0 * * * *',
      timeZone: 'UTC',
      select: 'a',
      jitterSeconds: 600,
    }));
    await startEngine();
    await clock.advance(75 * minuteMs);
    const started = (await store.listRuns({ limit: 10 })).map(({ createdAtMs, trigger }) => {
      expect(time(trigger.nominalAtMs)).toBe('13:00:00');
      return createdAtMs - Date.parse('2026-01-01T13:00:00Z');
    });
    expect(new Set(started).size).toBe(4);
    for (const delayMs of started) expect(delayMs).toBeLessThan(601_000);
  });

  it('ticks once when two engines look at it', async () => {
    const first = await startEngine();
    const second = await startEngine();
    await clock.advance(minuteMs);
    await first.shutdown('finish');
    await clock.advance(minuteMs);
    expect((await ticks()).map(([at]) => at)).toEqual(['12:01:00', '12:02:00']);
    expect((await store.readOwnership()).holder?.owner).toBe(second.owner);
  });
});
