import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createEngine, makePlan } from '../../src/engine/index.ts';
import { openPostgresLedger } from '../../src/store/postgres/ledger.ts';
import { assetCount, assets, load, type Shape } from './graphs.ts';

/** Milliseconds a step of a run of 1,000 assets that do nothing, done by two workers that are processes of their own. */
export async function workerMillisecondsPerStep(url: string, schema: string, shape: Shape): Promise<number> {
  const definitions = load(assets(assetCount, shape));
  const store = await openPostgresLedger(url, { schema });
  const engine = createEngine({
    store,
    executors: [],
    definitions: () => ({ ...definitions, schedules: [] }),
    executesSteps: false,
  });
  await engine.start();
  const workers = [startWorkerProcess(url, schema, shape), startWorkerProcess(url, schema, shape)];
  try {
    while (((await store.dispatch?.workers()) ?? []).length < workers.length)
      await new Promise((resolve) => setTimeout(resolve, 50));
    const startedAtMs = performance.now();
    const run = await engine.waitForRun(
      await engine.enqueue(makePlan(definitions.graph, definitions), { kind: 'code' }),
    );
    const tookMs = performance.now() - startedAtMs;
    if (run.state !== 'succeeded') throw new Error(`the run has ${run.state}`);
    return tookMs / assetCount;
  } finally {
    await Promise.all(workers.map((worker) => endProcess(worker)));
    await engine.shutdown('finish');
    await store.close();
  }
}

function startWorkerProcess(url: string, schema: string, shape: Shape): ChildProcess {
  const script = join(import.meta.dirname, 'worker-process.ts');
  return spawn(process.execPath, ['--conditions=@millrace/source', script, url, schema, shape], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
}

async function endProcess(child: ChildProcess): Promise<void> {
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  await ended;
}
