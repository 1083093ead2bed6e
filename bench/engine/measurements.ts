import { spawnSync } from 'node:child_process';
import { mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Executor } from '../../src/core/executor.ts';
import type { RunStore } from '../../src/core/ports.ts';
import { createEngine, type Engine, makePlan } from '../../src/engine/index.ts';
import { openSqliteLedger } from '../../src/store/index.ts';
import { assetCount, assets, load, noOp, type Shape } from './graphs.ts';

/** Milliseconds a step of a run of 1,000 assets that do nothing. */
export async function millisecondsPerStep(
  store: RunStore,
  shape: Shape,
  count: number = assetCount,
): Promise<number> {
  const definitions = load(assets(count, shape));
  const engine = createEngine({
    store,
    executors: [noOp],
    definitions: () => ({ ...definitions, schedules: [] }),
  });
  const startedAtMs = performance.now();
  const id = await engine.enqueue(makePlan(definitions.graph, definitions), { kind: 'code' });
  await engine.start();
  const run = await engine.waitForRun(id);
  const tookMs = performance.now() - startedAtMs;
  if (run.state !== 'succeeded') throw new Error(`the run has ${run.state}`);
  await engine.shutdown('finish');
  return tookMs / count;
}

/** Milliseconds from the return of an upstream's work to the first line of its downstream, each of a chain. */
export async function handOverMilliseconds(store: RunStore): Promise<readonly number[]> {
  const definitions = load(assets(200, 'chain'));
  const delays: number[] = [];
  let endedAtMs: number | undefined;
  const timing: Executor = {
    name: 'no-op',
    execute: async () => {
      if (endedAtMs !== undefined) delays.push(performance.now() - endedAtMs);
      await new Promise((resolve) => setTimeout(resolve, 2));
      endedAtMs = performance.now();
      return { metadata: {} };
    },
  };
  const engine = createEngine({
    store,
    executors: [timing],
    definitions: () => ({ ...definitions, schedules: [] }),
  });
  const id = await engine.enqueue(makePlan(definitions.graph, definitions), { kind: 'code' });
  await engine.start();
  await engine.waitForRun(id);
  await engine.shutdown('finish');
  return delays;
}

/**
 * Milliseconds from the last that is heard of an owner on a machine that is cut off until another goes on with its run, of which
 * `leaseSeconds` are its lease.
 */
export async function takeoverMilliseconds(store: RunStore, leaseSeconds: number): Promise<number> {
  const definitions = load(assets(1, 'wide'));
  let lastHeardAtMs = 0;
  let isCutOff = false;
  const cutOff = new Proxy(store, {
    get: (target, name) => {
      const method = Reflect.get(target, name) as ((...args: readonly unknown[]) => unknown) | undefined;
      return (
        method &&
        ((...args: readonly unknown[]) => {
          if (isCutOff) return new Promise(() => undefined);
          if (name === 'renewLeases' || name === 'claimRun') lastHeardAtMs = performance.now();
          return method(...args);
        })
      );
    },
  });
  const begun = Promise.withResolvers<number>();
  const engineOn = (ledger: RunStore, execute: Executor['execute']): Engine =>
    createEngine({
      store: ledger,
      executors: [{ name: 'no-op', execute }],
      definitions: () => ({ ...definitions, schedules: [] }),
      leaseSeconds,
    });
  const owner = engineOn(cutOff, () => {
    isCutOff = true;
    return new Promise(() => undefined);
  });
  const other = engineOn(store, async () => {
    begun.resolve(performance.now());
    return { metadata: {} };
  });
  const id = await owner.enqueue(makePlan(definitions.graph, definitions), { kind: 'code' });
  await owner.start();
  await other.start();
  const tookMs = (await begun.promise) - lastHeardAtMs;
  await other.waitForRun(id);
  await other.shutdown('finish');
  return tookMs;
}

/** Milliseconds from a run's being added by one engine to its first line in another, which owns the project. */
export async function dispatchMilliseconds(owning: RunStore, adding: RunStore): Promise<readonly number[]> {
  const definitions = load(assets(1, 'wide'));
  const delays: number[] = [];
  let addedAtMs = 0;
  const timing: Executor = {
    name: 'no-op',
    execute: async () => {
      delays.push(performance.now() - addedAtMs);
      return Promise.resolve({ metadata: {} });
    },
  };
  const options = { executors: [timing], definitions: () => ({ ...definitions, schedules: [] }) };
  const owner = createEngine({ store: owning, ...options });
  const other = createEngine({ store: adding, ...options });
  await owner.start();
  for (let count = 0; count < 30; count += 1) {
    addedAtMs = performance.now();
    await other.waitForRun(await other.enqueue(makePlan(definitions.graph, definitions), { kind: 'code' }));
  }
  await owner.shutdown('finish');
  await other.shutdown('finish');
  return delays;
}

/** Seconds for 1,000 queued runs of one asset each. */
export async function queuedRunsSeconds(store: RunStore): Promise<number> {
  const definitions = load(assets(1, 'wide'));
  const engine = createEngine({
    store,
    executors: [noOp],
    definitions: () => ({ ...definitions, schedules: [] }),
    concurrency: 10,
  });
  const ids: string[] = [];
  const plan = makePlan(definitions.graph, definitions);
  for (let count = 0; count < 1000; count += 1) ids.push(await engine.enqueue(plan, { kind: 'code' }));
  const startedAtMs = performance.now();
  await engine.start();
  for (const id of ids) await engine.waitForRun(id);
  const tookMs = performance.now() - startedAtMs;
  await engine.shutdown('finish');
  return tookMs / 1000;
}

export interface HistoryResult {
  readonly events: number;
  readonly bytes: number;
  readonly listMilliseconds: number;
  readonly secondsToWrite: number;
}

/** An SQLite ledger after many runs of 500 steps. */
export async function history(path: string, eventsWanted: number): Promise<HistoryResult> {
  const store = await openSqliteLedger(path);
  const definitions = load(assets(500, 'wide'));
  const plan = makePlan(definitions.graph, definitions);
  const startedAtMs = performance.now();
  for (let run = 0; (await store.lastSequence()) < eventsWanted; run += 1)
    await writeRun(store, plan, `run-${run}`);
  const secondsToWrite = (performance.now() - startedAtMs) / 1000;
  const events = await store.lastSequence();
  const listedAtMs = performance.now();
  await store.listRuns({ limit: 50 });
  const listMilliseconds = performance.now() - listedAtMs;
  await store.close();
  return { events, bytes: statSync(path).size, listMilliseconds, secondsToWrite };
}

async function writeRun(store: RunStore, plan: ReturnType<typeof makePlan>, id: string): Promise<void> {
  await store.createRun({ id, plan, trigger: { kind: 'code' }, createdAtMs: 1 });
  const claim = { runId: id, owner: 'me', expectedEpoch: 0, atMs: 1, expiresAtMs: 1e15, resetReason: '' };
  const lease = await store.claimRun(claim);
  if (!lease) throw new Error('the run could not be claimed');
  await store.moveRun(lease, { to: 'running', atMs: 1 });
  for (const { key: step, locks } of plan.steps) {
    await store.startStep(lease, { step, attempt: 1, atMs: 2, locks });
    const outcome = { rows: 1234, metadata: { lane: 'copy-binary' } };
    await store.moveSteps(lease, [{ step, to: 'succeeded', attempt: 1, atMs: 3, outcome }]);
  }
  await store.moveRun(lease, { to: 'succeeded', atMs: 4 });
}

/** Milliseconds of whole processes `millrace run`, in a project with one task that does nothing. */
export function coldRunMilliseconds(main: string, project: string, rounds: number): readonly number[] {
  mkdirSync(join(project, 'assets'), { recursive: true });
  writeFileSync(
    join(project, 'millrace.config.ts'),
    `import { defineProject } from 'millrace';\nexport default defineProject({ name: 'cold' });\n`,
  );
  writeFileSync(
    join(project, 'assets', 'nothing.ts'),
    `import { defineTask } from 'millrace';\nexport default defineTask({ key: 'nothing', run: async () => {} });\n`,
  );
  return Array.from({ length: rounds }, () => {
    const startedAtMs = performance.now();
    const result = spawnSync(process.execPath, [main, 'run', '--json'], { cwd: project, encoding: 'utf8' });
    if (result.status !== 0) throw new Error(result.stdout + result.stderr);
    return performance.now() - startedAtMs;
  });
}
