import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ConfigError } from '../core/errors.ts';
import type { RunStore } from '../core/ports.ts';
import type { Sensor, SensorFindings, SensorLook, SensorProbe } from '../core/sensor.ts';
import { openSqliteLedger } from '../store/index.ts';
import { createEngine } from './create-engine.ts';
import type { Engine } from './engine.ts';
import { createManualClock, type ManualClock } from './manual-clock.fixture.ts';
import { asset, definitionsOf, testExecutor } from './project.fixture.ts';

const noonMs = Date.parse('2026-01-01T12:00:00Z');

let store: RunStore;
let clock: ManualClock;
let sensors: readonly Sensor[];
const engines: Engine[] = [];

beforeEach(async () => {
  store = await openSqliteLedger(':memory:');
  clock = createManualClock(noonMs);
  sensors = [];
});
afterEach(async () => {
  for (const engine of engines.splice(0)) await engine.shutdown('abort');
  await store.close();
});

async function startEngine(): Promise<Engine> {
  const definitions = definitionsOf([asset('a'), asset('b')]);
  const engine = createEngine({
    store,
    executors: [testExecutor()],
    definitions: () => ({ ...definitions, sensors }),
    clock,
  });
  engines.push(engine);
  await engine.start({ schedules: true });
  return engine;
}

function sensor(name: string, probe: SensorProbe | SensorProbe['check']): Sensor {
  return {
    definition: { name, everySeconds: 10, timeoutSeconds: 5, select: 'a' },
    probe: typeof probe === 'function' ? { check: probe } : probe,
  };
}

const nothing = async (): Promise<SensorFindings> => ({ runs: [] });

describe('a sensor', () => {
  it('asks for runs, one of each key, and is given its cursor again', async () => {
    const cursors: unknown[] = [];
    sensors = [
      sensor('s', async ({ cursor }: SensorLook) => {
        cursors.push(cursor);
        const count = typeof cursor === 'number' ? cursor : 0;
        return {
          runs: [{ key: `k${Math.floor(count / 2)}`, select: count > 1 ? 'b' : undefined, input: { count } }],
          cursor: count + 1,
        };
      }),
    ];
    await startEngine();
    await clock.advance(35_000);
    expect(cursors).toEqual([undefined, 1, 2, 3]);
    const runs = await store.listRuns({ limit: 10 });
    expect(runs.map(({ selection, state, trigger }) => [selection, state, trigger])).toEqual([
      ['b', 'succeeded', { kind: 'sensor', name: 's' }],
      ['a', 'succeeded', { kind: 'sensor', name: 's' }],
    ]);
    expect((await store.findRun(runs[1]?.id ?? ''))?.plan.options.input).toEqual({ count: 0 });
    expect((await store.triggerTicks('sensor s', 10)).map(({ outcome }) => outcome)).toEqual([
      'skipped',
      'started',
      'skipped',
      'started',
    ]);
  });

  it('says why it asked for nothing, once', async () => {
    sensors = [sensor('s', async () => ({ runs: [], skip: 'the dump is not there yet' }))];
    await startEngine();
    await clock.advance(300_000);
    const ticks = await store.triggerTicks('sensor s', 10);
    expect(ticks.map(({ reason, outcome }) => [outcome, reason])).toEqual([
      ['skipped', 'the dump is not there yet'],
    ]);
    expect(ticks[0]?.times).toBeGreaterThan(3);
    expect(ticks[0]?.times).toBeLessThan(8);
  });

  it('that fails backs off, keeps its cursor, and holds up no other', async () => {
    const looks: number[] = [];
    let isDown = false;
    sensors = [
      sensor('bad', async ({ cursor }) => {
        looks.push((clock.nowMs() - noonMs) / 1000);
        if (isDown) throw new Error('no route to host');
        return { runs: [], cursor: cursor === undefined ? 'kept' : cursor };
      }),
      sensor('good', async ({ cursor }) => ({ runs: [], cursor: Number(cursor ?? 0) + 1 })),
    ];
    await startEngine();
    await clock.advance(1000);
    isDown = true;
    await clock.advance(299_000);
    expect(looks).toEqual([0, 10, 30, 70, 150]);
    expect((await store.readNote('sensor bad'))?.value).toMatchObject({ cursor: 'kept', failures: 4 });
    expect((await store.triggerTicks('sensor bad', 1))[0]).toMatchObject({
      outcome: 'failed',
      reason: 'no route to host',
    });
    expect((await store.readNote('sensor good'))?.value).toMatchObject({ cursor: 31 });
    isDown = false;
    await clock.advance(60_000);
    expect((await store.readNote('sensor bad'))?.value).toEqual({ cursor: 'kept', failures: 0, dueAtMs: 0 });
  });

  it('that hangs has failed after its time, and is not begun again beside itself', async () => {
    let looks = 0;
    let release: ((findings: SensorFindings) => void) | undefined;
    sensors = [
      sensor('stuck', () => {
        looks += 1;
        return new Promise((resolve) => {
          release = resolve;
        });
      }),
      sensor('good', async ({ cursor }) => ({ runs: [], cursor: Number(cursor ?? 0) + 1 })),
    ];
    await startEngine();
    await clock.advance(100_000);
    expect(looks).toBe(1);
    expect((await store.triggerTicks('sensor stuck', 1))[0]?.reason).toContain('took longer than 5 s');
    expect((await store.readNote('sensor good'))?.value).toMatchObject({ cursor: 11 });
    release?.({ runs: [] });
    await clock.advance(30_000);
    expect(looks).toBeGreaterThan(1);
  });

  it('that asks for what is not there fails, and asks again for the same', async () => {
    let select = 'nope';
    sensors = [
      sensor('s', async ({ cursor }) => (cursor ? { runs: [] } : { runs: [{ select }], cursor: 1 })),
    ];
    await startEngine();
    await clock.advance(1000);
    expect((await store.triggerTicks('sensor s', 1))[0]?.outcome).toBe('failed');
    expect((await store.readNote('sensor s'))?.value).not.toHaveProperty('cursor');
    select = 'a';
    await clock.advance(60_000);
    expect(await store.listRuns({ limit: 10 })).toHaveLength(1);
  });

  it('is looked at as soon as it hears something, unless it is failing', async () => {
    let wake = (): void => undefined;
    let stops = 0;
    let looks = 0;
    let isDown = false;
    sensors = [
      sensor('s', {
        check: async () => {
          looks += 1;
          if (isDown) throw new ConfigError('gone', { code: 'gone' });
          return nothing();
        },
        watch: (listener) => {
          wake = listener;
          return () => {
            stops += 1;
          };
        },
      }),
    ];
    const engine = await startEngine();
    await clock.advance(1000);
    for (let count = 0; count < 5; count += 1) wake();
    await clock.advance(200);
    expect(looks).toBe(2);
    isDown = true;
    wake();
    await clock.advance(200);
    wake();
    await clock.advance(1000);
    expect(looks).toBe(3);
    await engine.shutdown('abort');
    expect(stops).toBe(1);
  });
});
