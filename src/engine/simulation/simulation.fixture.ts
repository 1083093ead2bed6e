import { expect } from 'vitest';
import type { RunRecord } from '../../core/ledger.ts';
import { locksOverlap } from '../../core/lock.ts';
import { nodeOf } from '../../core/plan.ts';
import type { RunStore } from '../../core/ports.ts';
import {
  canMoveRun,
  canMoveStep,
  isRunFinished,
  type RunState,
  type StepState,
} from '../../core/run-state.ts';
import { openSqliteLedger } from '../../store/index.ts';
import { explainBackfill, startBackfill } from '../backfill-request.ts';
import { createEngine } from '../create-engine.ts';
import type { Definitions, Engine } from '../engine.ts';
import { retireOwner } from '../owner.ts';
import { makePlan } from '../planner.ts';
import { definitionsOf } from '../project.fixture.ts';
import { createMachine, type Machine } from './machine.fixture.ts';
import { createRandom, createTimeline } from './timeline.fixture.ts';
import { createWork, type Work } from './work.fixture.ts';

const badTimesSeconds = 120;
const goodTimesSeconds = 3600;
const startMs = Date.UTC(2026, 0, 1);

/**
 * Lets several processes work on one ledger through two bad minutes, in which each call of the ledger may end its process,
 * stop it for a while, come late, be refused, or get no answer; then through good times. Throws when a run is lost, repeated
 * or ends in another way than undisturbed. The same seed does the same.
 */
export async function simulate(seed: number): Promise<void> {
  const random = createRandom(seed);
  const timeline = createTimeline(startMs);
  const store = await openSqliteLedger(':memory:');
  const work = createWork(random);
  const schedule = { name: 's', cron: '* * * * *', timeZone: 'UTC', select: '' };
  const withSchedule = definitionsOf(work.nodes, random() < 0.3 ? [schedule] : []);
  const without = definitionsOf(work.nodes);
  const isBad = (): boolean => timeline.nowMs() < startMs + badTimesSeconds * 1000;
  const definitions = (): Definitions => (isBad() ? withSchedule : without);
  const cancelled = new Set<string>();

  const boot = (): void => {
    const trouble = { random, likelihood: () => (isBad() ? 0.01 : 0), onDeath: bury };
    const machine = createMachine(timeline, store, trouble);
    const engine = createEngine({
      store: machine.store,
      executors: [work.executorOn(machine)],
      definitions,
      clock: machine.clock,
      pollMilliseconds: 4000,
      stopGraceSeconds: 5,
      concurrency: 1 + Math.floor(random() * 4),
      pools: { narrow: 1 },
      maxInterruptions: Infinity,
    });
    engines.set(machine, engine);
    void live(machine, engine, random, definitions, cancelled, holdForAWhile);
  };
  // Whoever pauses runs lives outside the trouble.
  const holdForAWhile = async (runId: string): Promise<void> => {
    await store.holdRun(runId, true, Math.floor(timeline.nowMs()));
    timeline.after(random() * 60_000, () => void store.holdRun(runId, false, Math.floor(timeline.nowMs())));
  };
  const engines = new Map<Machine, Engine>();
  const bury = (machine: Machine): void => {
    const engine = engines.get(machine);
    engines.delete(machine);
    // Sometimes the others can see that its process has ended, sometimes only that its lease runs out.
    if (engine && random() < 0.5) retireOwner(engine.owner);
    timeline.after(random() * 20_000, boot);
  };
  for (let count = 0; count < 3; count += 1) boot();
  const backfill = random() < 0.4 ? await begin(without, store, 1 + Math.floor(random() * 4)) : undefined;

  const endMs = startMs + (badTimesSeconds + goodTimesSeconds) * 1000;
  for (let isOver = false; !isOver;) {
    if (!(await timeline.step()) || timeline.nowMs() > endMs) break;
    const open = [...(await store.openRuns()), ...(await store.listBackfills({ isOpen: true, limit: 1 }))];
    isOver = !isBad() && open.length === 0;
  }
  await check(store, work, cancelled);
  await checkLocks(store);
  if (backfill !== undefined) await checkBackfill(store, work, backfill);
  for (const engine of engines.values()) retireOwner(engine.owner);
  await store.close();
}

/** A backfill of all that has partitions; undefined when nothing has. */
async function begin(
  definitions: Definitions,
  store: RunStore,
  stepsPerRun: number,
): Promise<string | undefined> {
  if (definitions.graph.nodes.every(({ partitions }) => !partitions)) return undefined;
  const request = { select: '', partitions: '*', stepsPerRun };
  const plan = await explainBackfill(definitions, store, request, startMs);
  return startBackfill(store, plan, request, startMs);
}

/** It is over, and each of its steps was in one run or given up because of one that failed. */
async function checkBackfill(store: RunStore, work: Work, id: string): Promise<void> {
  const backfill = await store.findBackfill(id);
  const runs = (await store.listRuns({ limit: 1000 })).filter(({ trigger }) => trigger.backfill === id);
  const steps = (await Promise.all(runs.map((run) => store.findRun(run.id)))).flatMap(
    (run) => run?.steps ?? [],
  );
  const planned = steps.filter((step) => !step.item && nodeOf(step) in (backfill?.targets ?? {}));
  // What finds items is taken along by what is made for each of them, and may so be in several.
  const sources = new Set(work.nodes.map(({ forEach }) => forEach));
  const once = planned.map(({ key }) => key).filter((key) => !sources.has(key));
  expect(new Set(once).size).toBe(once.length);
  expect(backfill?.runCount).toBe(runs.length);
  expect(backfill?.requested).toEqual(backfill?.targets);
  const made = new Set(planned.map(({ key }) => key)).size;
  const isWhole = made === backfill?.stepCount && planned.every(({ state }) => state === 'succeeded');
  expect(backfill?.state).toBe(isWhole ? 'succeeded' : 'failed');
}

/** What a process does: it contends for the project, starts some runs, and cancels one now and then. */
async function live(
  machine: Machine,
  engine: Engine,
  random: () => number,
  definitions: () => Definitions,
  cancelled: Set<string>,
  holdForAWhile: (runId: string) => Promise<void>,
): Promise<void> {
  await stubbornly(machine, () => engine.start({ schedules: true }));
  for (let count = 0; count < 2; count += 1) {
    await machine.sleep(random() * 40_000);
    const plan = makePlan(definitions().graph, { manifestHash: 'h' });
    const id = await engine.enqueue(plan, { kind: 'code' }).catch(() => undefined);
    if (id !== undefined && random() < 0.2) await holdForAWhile(id);
    if (id === undefined || random() > 0.2) continue;
    await machine.sleep(random() * 30_000);
    cancelled.add(id);
    await engine.cancel(id).catch(() => undefined);
  }
}

async function stubbornly(machine: Machine, work: () => Promise<unknown>): Promise<void> {
  for (;;) {
    try {
      return void (await work());
    } catch {
      await machine.sleep(1000);
    }
  }
}

async function check(store: RunStore, work: Work, cancelled: ReadonlySet<string>): Promise<void> {
  const runs = await store.listRuns({ limit: 1000 });
  for (const { id } of runs) {
    const run = (await store.findRun(id)) as RunRecord;
    const told = await replay(store, id);
    expect(isRunFinished(run.state), `the run ${id} is ${run.state}`).toBe(true);
    expect(told.run).toBe(run.state);
    for (const { key, state } of run.steps) expect(told.steps.get(key) ?? 'pending').toBe(state);
    for (const [key, times] of told.successes) expect([key, times]).toEqual([key, 1]);
    checkItems(run, work);
    if (cancelled.has(id)) continue;
    const ends = Object.fromEntries(run.steps.map(({ key, state }) => [key, state]));
    const expected = work.endsOf(run.plan);
    expect(ends).toEqual(Object.fromEntries(expected));
    expect(run.state).toBe([...expected.values()].includes('failed') ? 'failed' : 'succeeded');
  }
  for (const { key } of work.nodes) {
    const kept = (await store.completionHistory(key, 1000)).map(
      ({ runId, partitions }) => `${runId} ${partitions}`,
    );
    expect(new Set(kept).size).toBe(kept.length);
  }
  await checkPartitions(store, work, runs.length > cancelled.size);
  const ticks = await store.ticks('s', 1000);
  const scheduled = runs.filter(({ trigger }) => trigger.kind === 'schedule').map(({ id }) => id);
  expect(ticks.flatMap(({ runId }) => runId ?? []).sort()).toEqual(scheduled.toSorted());
}

/** The steps for items are of one list that was found, whole and once, however often their step was executed. */
function checkItems(run: RunRecord, work: Work): void {
  const source = new Map(run.plan.steps.map(({ key, forEach }) => [key, forEach]));
  const byTemplate = Map.groupBy(
    run.steps.flatMap(({ item }) => item ?? []),
    ({ of }) => of,
  );
  for (const [template, items] of byTemplate) {
    const lists = work.foundBy(run.id, source.get(template) ?? '');
    expect(lists).toContainEqual(items.map(({ key }) => key));
  }
}

/** Partitions are as their steps have to end; a cancelled run may have given one up that would not stop. */
async function checkPartitions(store: RunStore, work: Work, isMade: boolean): Promise<void> {
  const ends = work.endsOf(makePlan(definitionsOf(work.nodes).graph, { manifestHash: 'h' }));
  for (const { key } of work.nodes.filter(({ partitions }) => partitions)) {
    const states = await store.partitionStates(key);
    const kept = new Map(states.map(({ slice, state }) => [`${key}@${slice.slice(1)}`, state]));
    for (const [step, end] of ends) {
      if (!step.startsWith(`${key}@`) || !isMade) continue;
      if (end === 'succeeded') expect([step, kept.has(step)]).toEqual([step, true]);
      if (end === 'failed') expect([step, kept.get(step)]).toEqual([step, 'failed']);
    }
  }
}

/**
 * Of the steps that one process was at at the same time, by the ledger's account, no two wrote the same. What another was at may
 * be taken over: its lease is over, and whether it lives nobody knows.
 */
async function checkLocks(store: RunStore): Promise<void> {
  const locks = new Map<string, readonly string[]>();
  for (const { id } of await store.listRuns({ limit: 1000 }))
    for (const step of (await store.findRun(id))?.plan.steps ?? [])
      locks.set(`${id}/${step.key}`, step.locks);
  const running = new Set<string>();
  const owners = new Map<string, string>();
  for (const event of await store.events({ afterSequence: 0, limit: 1_000_000 })) {
    if (event.type === 'lease_taken') owners.set(event.runId, event.owner);
    if (event.type !== 'step_state') continue;
    const name = `${event.runId}/${event.step}`;
    running.delete(name);
    if (event.state !== 'running') continue;
    const own = locks.get(name) ?? [];
    const isOfSame = (other: string): boolean =>
      owners.get(other.split('/', 1)[0] ?? '') === owners.get(event.runId);
    const beside = [...running].filter(
      (other) =>
        isOfSame(other) && locks.get(other)?.some((held) => own.some((wanted) => locksOverlap(held, wanted))),
    );
    expect(beside, `${name} has begun beside others that write the same`).toEqual([]);
    running.add(name);
  }
}

interface Told {
  readonly run: RunState | undefined;
  readonly steps: ReadonlyMap<string, StepState>;
  readonly successes: ReadonlyMap<string, number>;
}

/** What a run's events tell, each of which must have been allowed after the one before. */
async function replay(store: RunStore, runId: string): Promise<Told> {
  let run: RunState | undefined;
  let epoch = 0;
  const steps = new Map<string, StepState>();
  const successes = new Map<string, number>();
  for (const event of await store.events({ runId, afterSequence: 0, limit: 100_000 })) {
    if (event.type === 'lease_taken') {
      expect(event.epoch).toBe(epoch + 1);
      epoch = event.epoch;
    }
    if (event.type === 'run_state') {
      if (event.isHeld !== undefined) expect(event.state).toBe(run);
      else expect(run === undefined ? event.state === 'queued' : canMoveRun(run, event.state)).toBe(true);
      run = event.state;
    }
    if (event.type === 'step_state') {
      expect(canMoveStep(steps.get(event.step) ?? 'pending', event.state)).toBe(true);
      steps.set(event.step, event.state);
      if (event.state === 'succeeded') successes.set(event.step, (successes.get(event.step) ?? 0) + 1);
    }
  }
  return { run, steps, successes };
}
