import { expect } from 'vitest';
import type { AskedRun, Sensor, SensorProbe } from '../../core/sensor.ts';
import { openSqliteLedger } from '../../store/index.ts';
import { createEngine } from '../create-engine.ts';
import type { Engine } from '../engine.ts';
import { retireOwner } from '../owner.ts';
import { asset, definitionsOf, testExecutor } from '../project.fixture.ts';
import { createMachine, type Machine } from './machine.fixture.ts';
import { createRandom, createTimeline } from './timeline.fixture.ts';

const badTimesSeconds = 300;
const goodTimesSeconds = 3600;
const startMs = Date.UTC(2026, 0, 1);

/**
 * Lets several processes look at a growing list through five bad minutes, in which each call of the ledger may end its process,
 * stop it for a while, come late, be refused, or get no answer. Throws when an entry of the list led to no run, or to two.
 * The same seed does the same.
 */
export async function simulateSensors(seed: number): Promise<void> {
  const random = createRandom(seed);
  const timeline = createTimeline(startMs);
  const store = await openSqliteLedger(':memory:');
  const definitions = definitionsOf([asset('a')]);
  const list: string[] = [];
  const isBad = (): boolean => timeline.nowMs() < startMs + badTimesSeconds * 1000;
  const grow = (): void => {
    list.push(`file${list.length}`);
    if (isBad()) timeline.after(random() * 20_000, grow);
  };
  grow();
  const engines = new Map<Machine, Engine>();

  const boot = (): void => {
    const machine = createMachine(timeline, store, {
      random,
      likelihood: () => (isBad() ? 0.02 : 0),
      onDeath: bury,
    });
    const sensors = [byCursor(machine, list, random), byKey(machine, list, random)];
    const engine = createEngine({
      store: machine.store,
      executors: [testExecutor()],
      definitions: () => ({ ...definitions, sensors }),
      clock: machine.clock,
      pollMilliseconds: 4000,
      maxInterruptions: Infinity,
    });
    engines.set(machine, engine);
    void startStubbornly(machine, engine);
  };
  const bury = (machine: Machine): void => {
    const engine = engines.get(machine);
    engines.delete(machine);
    if (engine && random() < 0.5) retireOwner(engine.owner);
    timeline.after(random() * 20_000, boot);
  };
  for (let count = 0; count < 3; count += 1) boot();

  const endMs = startMs + (badTimesSeconds + goodTimesSeconds) * 1000;
  while (timeline.nowMs() < endMs && (await timeline.step()));

  const runs = await store.listRuns({ limit: 10_000 });
  const found = new Map<string, number>();
  for (const { id, trigger } of runs) {
    const input = (await store.findRun(id))?.plan.options.input;
    const name = `${trigger.name} ${JSON.stringify(input)}`;
    found.set(name, (found.get(name) ?? 0) + 1);
  }
  const expected = ['cursor', 'key'].flatMap((name) =>
    list.map((entry) => [`${name} ${JSON.stringify(entry)}`, 1] as const),
  );
  expect(Object.fromEntries(found)).toEqual(Object.fromEntries(expected));
  const ticks = await store.triggerTicks('sensor cursor', 100);
  const told = ticks.flatMap(({ runIds }) => runIds).toSorted();
  const started = runs.filter(({ trigger }) => trigger.name === 'cursor').map(({ id }) => id);
  if (ticks.length < 100) expect(told).toEqual(started.toSorted());
  for (const engine of engines.values()) retireOwner(engine.owner);
  await store.close();
}

/** Asks for what is behind its cursor, without keys: a cursor that is lost or late would double or lose a run. */
function byCursor(machine: Machine, list: readonly string[], random: () => number): Sensor {
  return sensor('cursor', {
    check: async ({ cursor }) => {
      await machine.sleep(random() * 8000);
      const from = Number(cursor ?? 0);
      const entries = list.slice(from);
      return { runs: entries.map((input): AskedRun => ({ input })), cursor: from + entries.length };
    },
  });
}

/** Asks for everything again and again: only the keys keep it from doing it twice. */
function byKey(machine: Machine, list: readonly string[], random: () => number): Sensor {
  return sensor('key', {
    check: async () => {
      await machine.sleep(random() * 8000);
      return { runs: list.map((entry): AskedRun => ({ key: entry, input: entry })) };
    },
  });
}

function sensor(name: string, probe: SensorProbe): Sensor {
  return { definition: { name, everySeconds: 5, timeoutSeconds: 6, select: '' }, probe };
}

async function startStubbornly(machine: Machine, engine: Engine): Promise<void> {
  for (;;) {
    try {
      return void (await engine.start({ schedules: true }));
    } catch {
      await machine.sleep(1000);
    }
  }
}
