import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { RunStore } from '../../src/core/ports.ts';
import { createEngine, makePlan, type Engine } from '../../src/engine/index.ts';
import { openPostgresLedger } from '../../src/store/postgres/ledger.ts';
import { assetCount, assets, load, type Shape } from './graphs.ts';

/** Milliseconds a step of a run of 1,000 assets that do nothing, done by two workers that are processes of their own. */
export async function workerMillisecondsPerStep(url: string, schema: string, shape: Shape): Promise<number> {
  return withOwner(url, schema, shape, assetCount, async (owner) => {
    const workers = [1, 2].map(() => startWorkerProcess(url, schema, shape, String(assetCount)));
    try {
      await waitForWorkers(owner.store, workers.length);
      const startedAtMs = performance.now();
      await owner.finish(await owner.enqueue());
      return (performance.now() - startedAtMs) / assetCount;
    } finally {
      await Promise.all(workers.map((worker) => endProcess(worker, 'SIGTERM')));
    }
  });
}

/**
 * Seconds from the moment at which a worker with a lease of `leaseSeconds` stands still, or is killed, until another has done its step. A
 * worker that stands still is missed when its lease is over; of one that was killed on this machine more is known.
 */
export async function takeoverSeconds(
  url: string,
  schema: string,
  leaseSeconds: number,
  signal: 'SIGSTOP' | 'SIGKILL',
): Promise<number> {
  return withOwner(url, schema, 'wide', 1, async (owner) => {
    const lost = startWorkerProcess(url, schema, 'wide', '1', String(leaseSeconds), 'hold');
    const others: ChildProcess[] = [];
    try {
      await waitForWorkers(owner.store, 1);
      const runId = await owner.enqueue();
      while ((await owner.store.findRun(runId))?.stepCounts.running !== 1) await nap();
      others.push(startWorkerProcess(url, schema, 'wide', '1'));
      await waitForWorkers(owner.store, 2);
      const startedAtMs = performance.now();
      lost.kill(signal);
      await owner.finish(runId);
      return (performance.now() - startedAtMs) / 1000;
    } finally {
      await Promise.all([
        ...others.map((worker) => endProcess(worker, 'SIGTERM')),
        endProcess(lost, 'SIGKILL'),
      ]);
    }
  });
}

interface Owner {
  readonly store: RunStore;
  enqueue(): Promise<string>;
  finish(runId: string): Promise<void>;
}

async function withOwner<Result>(
  url: string,
  schema: string,
  shape: Shape,
  count: number,
  work: (owner: Owner) => Promise<Result>,
): Promise<Result> {
  const definitions = load(assets(count, shape));
  const store = await openPostgresLedger(url, { schema });
  const engine: Engine = createEngine({
    store,
    executors: [],
    definitions: () => ({ ...definitions, schedules: [] }),
    executesSteps: false,
  });
  await engine.start();
  try {
    return await work({
      store,
      enqueue: () => engine.enqueue(makePlan(definitions.graph, definitions), { kind: 'code' }),
      finish: async (runId) => {
        const run = await engine.waitForRun(runId);
        if (run.state !== 'succeeded') throw new Error(`the run has ${run.state}`);
      },
    });
  } finally {
    await engine.shutdown('finish');
    await store.close();
  }
}

async function waitForWorkers(store: RunStore, count: number): Promise<void> {
  while (((await store.dispatch?.workers()) ?? []).length < count) await nap();
}

function nap(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 20));
}

function startWorkerProcess(...args: readonly string[]): ChildProcess {
  const script = join(import.meta.dirname, 'worker-process.ts');
  return spawn(process.execPath, ['--conditions=@millrace/source', script, ...args], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
}

async function endProcess(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill(signal);
  await ended;
}
