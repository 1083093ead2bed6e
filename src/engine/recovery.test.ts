import { fileURLToPath } from 'node:url';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RunStore } from '../core/ports.ts';
import { openSqliteLedger } from '../store/index.ts';
import { createEngine } from './create-engine.ts';
import type { Engine } from './engine.ts';
import { makePlan } from './planner.ts';
import { definitionsOf, testExecutor } from './project.fixture.ts';
import { chain } from './engine-process.fixture.ts';

let folder: string;
let store: RunStore;
const children: ChildProcess[] = [];
const engines: Engine[] = [];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-recovery-'));
  store = await openSqliteLedger(join(folder, 'ledger.db'));
});
afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  for (const engine of engines.splice(0)) await engine.shutdown('abort');
  await store.close();
  rmSync(folder, { recursive: true, force: true });
});

/** A process with an engine on the same ledger; see `engine-process.fixture.ts`. */
function startProcess(...commands: readonly string[]): ChildProcess {
  const script = fileURLToPath(new URL('./engine-process.fixture.ts', import.meta.url));
  const storeModule = new URL('../store/index.ts', import.meta.url).href;
  const child = spawn(
    process.execPath,
    ['--conditions=@millrace/source', script, storeModule, folder, ...commands],
    {
      stdio: ['ignore', 'inherit', 'inherit'],
    },
  );
  children.push(child);
  return child;
}

function startEngine(name: string): Engine {
  const definitions = definitionsOf(chain);
  const bodies = {
    '*': ({ idempotencyKey }: { readonly idempotencyKey: string }): undefined => {
      appendFileSync(join(folder, 'calls'), `${name} ${idempotencyKey.split('/')[1]}\n`);
      return undefined;
    },
  };
  const engine = createEngine({
    store,
    executors: [testExecutor(bodies)],
    definitions: () => definitions,
    pollMilliseconds: 20,
    maxInterruptions: 9,
  });
  engines.push(engine);
  return engine;
}

function enqueue(engine: Engine): Promise<string> {
  return engine.enqueue(makePlan(definitionsOf(chain).graph, { manifestHash: 'h' }), { kind: 'code' });
}

function calls(): readonly string[] {
  const path = join(folder, 'calls');
  return existsSync(path) ? readFileSync(path, 'utf8').trim().split('\n') : [];
}

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 10));
}

async function kill(child: ChildProcess): Promise<void> {
  child.kill('SIGKILL');
  await once(child, 'exit');
}

describe('a process that is killed in the middle of a run', () => {
  it('is succeeded by another, which keeps what was finished and repeats the step that was running', async () => {
    const engine = startEngine('second');
    const id = await enqueue(engine);
    const child = startProcess('hold:n3');
    await until(() => calls().includes('first n3'));
    await kill(child);
    const events: string[] = [];
    await engine.start();
    const run = await engine.waitForRun(id);
    for await (const event of engine.tailEvents({ runId: id, types: ['lease_taken', 'step_state'] })) {
      if (event.type === 'lease_taken') events.push(`lease ${event.epoch}`);
      if (event.type === 'step_state' && event.step === 'n3') events.push(`${event.state} ${event.attempt}`);
    }
    expect(run.state).toBe('succeeded');
    expect(calls()).toEqual([
      'first n0',
      'first n1',
      'first n2',
      'first n3',
      'second n3',
      'second n4',
      'second n5',
    ]);
    expect(events).toEqual(['lease 1', 'running 1', 'lease 2', 'pending 1', 'running 2', 'succeeded 2']);
  });

  it('never loses or repeats a finished step, however often it is killed', async () => {
    const engine = startEngine('last');
    const id = await enqueue(engine);
    for (const delay of [0, 15, 30]) {
      const child = startProcess('pause:30');
      const before = calls().length;
      await until(async () => calls().length > before || (await store.runState(id)) === 'succeeded');
      await new Promise((resolve) => setTimeout(resolve, delay));
      const finished = (await store.findRun(id))?.steps.filter((step) => step.state === 'succeeded') ?? [];
      await kill(child);
      const after = await store.findRun(id);
      for (const { key } of finished) {
        expect(after?.steps.find((step) => step.key === key)?.state).toBe('succeeded');
      }
    }
    const done = (await store.findRun(id))?.steps.filter((step) => step.state === 'succeeded') ?? [];
    const before = calls().length;
    await engine.start();
    const run = await engine.waitForRun(id);
    expect(run.state).toBe('succeeded');
    expect(calls().slice(before)).toEqual(
      chain
        .map(({ key }) => key)
        .filter((key) => !done.some((step) => step.key === key))
        .map((key) => `last ${key}`),
    );
    const completions = await store.latestCompletions();
    expect(completions.map(({ key }) => key)).toEqual(chain.map(({ key }) => key));
    for (const { key } of chain) expect(await store.completionHistory(key, 10)).toHaveLength(1);
  });
});

describe('a process that stands still for longer than its lease', () => {
  it('is succeeded by another, and stops without a further write when it goes on', async () => {
    const engine = startEngine('second');
    const id = await enqueue(engine);
    const child = startProcess('hold:n1', 'lease:1');
    await until(() => calls().includes('first n1'));
    child.kill('SIGSTOP');
    await engine.start();
    const run = await engine.waitForRun(id);
    expect(run.state).toBe('succeeded');
    expect(calls().slice(2)).toEqual(['second n1', 'second n2', 'second n3', 'second n4', 'second n5']);
    const before = await store.lastSequence();
    child.kill('SIGCONT');
    await until(() => calls().includes('first n1 stopped'));
    await until(async () => (await engine.waitForRun(await enqueue(engine))).state === 'succeeded');
    const events = await store.events({ runId: id, afterSequence: before, limit: 10 });
    expect(events).toEqual([]);
    expect((await store.readOwnership()).holder?.owner).toBe(engine.owner);
    expect(child.exitCode).toBeNull();
  });
});

describe('two processes', () => {
  it('have one owner, which executes what the other enqueues; the other takes over when it is killed', async () => {
    const child = startProcess();
    await until(async () => (await store.readOwnership()).holder !== undefined);
    const engine = startEngine('second');
    expect((await engine.start()).acquired).toBe(false);
    expect((await engine.waitForRun(await enqueue(engine))).state).toBe('succeeded');
    expect(calls().every((call) => call.startsWith('first'))).toBe(true);
    await kill(child);
    const before = calls().length;
    expect((await engine.waitForRun(await enqueue(engine))).state).toBe('succeeded');
    expect(
      calls()
        .slice(before)
        .every((call) => call.startsWith('second')),
    ).toBe(true);
    expect((await store.readOwnership()).holder?.owner).toBe(engine.owner);
  });

  it("can cancel each other's runs", async () => {
    const child = startProcess('hold:n1');
    const engine = startEngine('second');
    await until(async () => (await store.readOwnership()).holder !== undefined);
    const id = await enqueue(engine);
    await until(() => calls().includes('first n1'));
    expect(await engine.cancel(id)).toBe('cancelling');
    const run = await engine.waitForRun(id);
    expect(run.state).toBe('cancelled');
    expect(run.steps.map((step) => step.state)).toEqual(['succeeded', ...Array(5).fill('cancelled')]);
    expect(child.exitCode).toBeNull();
  });

  it('that start at once on a new ledger contend for the project, and one wins', async () => {
    for (let index = 0; index < 3; index += 1) startProcess(`report:${index}`);
    const reports = [0, 1, 2].map((index) => join(folder, `report-${index}`));
    await until(() => reports.every((path) => existsSync(path)));
    const answers = reports.map((path) => readFileSync(path, 'utf8'));
    expect(answers.filter((answer) => answer === 'acquired')).toHaveLength(1);
  });
});
