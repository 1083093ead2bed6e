import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { millrace } from '../support/millrace-command.ts';
import {
  makeFleet,
  politeTask,
  stubbornTask,
  timesOf,
  workersOf,
  workFile,
  type Fleet,
} from '../support/fleet.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres-database.ts';

let database: TestDatabase;
let fleet: Fleet | undefined;
beforeEach(async () => {
  database = await createTestDatabase();
});
afterEach(async () => {
  await fleet?.close();
  fleet = undefined;
  await database.drop();
});

const keys = ['a', 'b', 'c', 'd'];

test('workers that were started before and after the server share a run, and each step is done once', async () => {
  fleet = await makeFleet(database.url, [
    ...keys.map((key) => politeTask(key, 3)),
    politeTask('last', 0, "after: ['task/a', 'task/b', 'task/c', 'task/d'],"),
  ]);
  const before = await fleet.worker(['--concurrency', '2']);
  await fleet.serve();
  const after = await fleet.worker(['--concurrency', '2']);
  const id = await fleet.enqueue();
  const run = await fleet.finished(id);
  expect(run.state).toBe('succeeded');
  const events = await fleet.events(id);
  const workers = new Set(keys.flatMap((key) => workersOf(events, `task/${key}`)));
  expect(workers).toEqual(new Set([before.name, after.name]));
  expect((await fleet.calls()).toSorted()).toEqual(
    [...keys, 'last'].flatMap((key) => [`begin ${key}`, `end ${key}`]).toSorted(),
  );
  const listed = await fleet.store.dispatch?.workers();
  expect(listed?.map(({ isAlive, steps }) => [isAlive, steps])).toEqual([
    [true, []],
    [true, []],
  ]);
});

test('a pool of workers is left to those that were started for it', async () => {
  fleet = await makeFleet(
    database.url,
    [politeTask('far', 0), politeTask('near', 0, "pool: 'close',")],
    'pools: { close: { workers: true } }',
  );
  await fleet.serve();
  const any = await fleet.worker();
  const id = await fleet.enqueue();
  await fleet.seen('end far');
  while (!(await fleet.events(id)).some((event) => event.type === 'step_log')) await sleep(50);
  expect((await fleet.events(id)).find((event) => event.type === 'step_log')).toMatchObject({
    step: 'task/near',
    message: 'Waits for a worker; start one with: millrace worker --pool close',
  });
  const close = await fleet.worker(['--pool', 'close']);
  expect((await fleet.finished(id)).state).toBe('succeeded');
  const events = await fleet.events(id);
  expect(workersOf(events, 'task/far')).toEqual([any.name]);
  expect(workersOf(events, 'task/near')).toEqual([close.name]);
});

test('a worker for a pool that does not exist is refused', async () => {
  fleet = await makeFleet(database.url, [], 'pools: { close: { workers: true }, few: 2 }');
  const env = { MILLRACE_LEDGER_URL: database.url };
  const missing = await millrace(['worker', '--pool', 'clsoe'], { cwd: fleet.folder, env });
  expect([missing.code, missing.stderr]).toEqual([2, expect.stringContaining('Did you mean close?')]);
  const limiting = await millrace(['worker', '--pool', 'few'], { cwd: fleet.folder, env });
  expect(limiting.stderr).toContain("the pool 'few' is not for workers of its own");
});

test('a worker that has read another version of the project, or nothing, takes no step', async () => {
  fleet = await makeFleet(database.url, [politeTask('a', 0)]);
  const other = await mkdtemp(join(tmpdir(), 'millrace-fleet-other-'));
  const nothing = await mkdtemp(join(tmpdir(), 'millrace-fleet-nothing-'));
  try {
    for (const folder of [other, nothing])
      await cp(join(fleet.folder, 'millrace.config.ts'), join(folder, 'millrace.config.ts'));
    await cp(join(fleet.folder, 'assets'), join(other, 'assets'), { recursive: true });
    const same = await mkdtemp(join(tmpdir(), 'millrace-fleet-same-'));
    await cp(other, same, { recursive: true });
    await writeFile(join(other, 'assets', 'work.ts'), workFile([politeTask('a', 0.5)]));
    await fleet.serve();
    await fleet.worker([], other);
    await fleet.worker([], nothing);
    const id = await fleet.enqueue();
    const waits = async (): Promise<string | undefined> =>
      (await fleet?.events(id))?.flatMap((event) => (event.type === 'step_log' ? [event.message] : []))[0];
    while ((await waits()) === undefined) await sleep(50);
    expect(await waits()).toMatch(
      /^Waits for a worker that has read the same version .*; 2 of another version/,
    );
    expect(await fleet.calls()).toEqual([]);
    const fitting = await fleet.worker([], same);
    expect((await fleet.finished(id)).state).toBe('succeeded');
    expect(workersOf(await fleet.events(id), 'task/a')).toEqual([fitting.name]);
    await rm(same, { recursive: true, force: true });
  } finally {
    await rm(other, { recursive: true, force: true });
    await rm(nothing, { recursive: true, force: true });
  }
});

test('a new version of the project goes on with the run of the old one', async () => {
  const tasks = (seconds: number): readonly string[] => [
    stubbornTask('first', 10),
    politeTask('then', seconds, "after: ['task/first'],"),
  ];
  fleet = await makeFleet(database.url, tasks(0));
  const oldServer = await fleet.serve();
  const oldWorker = await fleet.worker();
  const id = await fleet.enqueue();
  await fleet.seen('begin first');
  await fleet.write('assets/work.ts', workFile(tasks(0.1)));
  const newWorker = await fleet.worker();
  oldServer.child.kill('SIGTERM');
  await oldServer.result;
  await fleet.serve();
  expect((await fleet.finished(id)).state).toBe('succeeded');
  const events = await fleet.events(id);
  expect(workersOf(events, 'task/first')).toEqual([oldWorker.name]);
  expect(workersOf(events, 'task/then')).toEqual([newWorker.name]);
  expect(timesOf(events, 'task/first')).toEqual({ began: 1, succeeded: 1 });
});

test('a worker that is stopped ends what it can, and gives back the rest', async () => {
  fleet = await makeFleet(database.url, [stubbornTask('short', 2), politeTask('long', 600)]);
  await fleet.serve();
  const leaving = await fleet.worker(['--drain', '4', '--concurrency', '2']);
  const id = await fleet.enqueue();
  await fleet.seen('begin short');
  await fleet.seen('begin long');
  leaving.child.kill('SIGTERM');
  expect((await leaving.result).code).toBe(0);
  const events = await fleet.events(id);
  expect(timesOf(events, 'task/short')).toEqual({ began: 1, succeeded: 1 });
  expect(events.findLast((event) => event.type === 'step_state')).toMatchObject({
    step: 'task/long',
    state: 'pending',
    reason: 'Its worker was shut down',
  });
  const run = await fleet.store.findRun(id);
  expect(run?.steps.find(({ key }) => key === 'task/long')).toMatchObject({ attempt: 1, interruptions: 0 });
  expect(await fleet.store.dispatch?.workers()).toEqual([]);
});

test('a cancelled run stops the query of a step on another machine', async () => {
  fleet = await makeFleet(database.url, [
    `export const slow = defineTask({ key: 'slow', run: async (context) => {
  const { database } = await context.connection('PG');
  note('begin slow');
  await database?.query("select pg_sleep(600) /* of the step */", [], context.signal);
} });
`,
  ]);
  await fleet.write(
    'connections.yaml',
    `connections:\n  PG: { type: postgres, url: ${JSON.stringify(database.url)} }\n`,
  );
  await fleet.serve();
  await fleet.worker();
  const id = await fleet.enqueue();
  const asleep = (): Promise<unknown[]> =>
    database.query(
      `select 1 from pg_stat_activity where query like '%/* of the step */' and state = 'active'`,
    );
  while ((await asleep()).length === 0) await sleep(50);
  const cancelled = await millrace(['runs', 'cancel', id], {
    cwd: fleet.folder,
    env: { MILLRACE_LEDGER_URL: database.url },
  });
  expect(cancelled.code).toBe(0);
  expect((await fleet.finished(id)).state).toBe('cancelled');
  expect(await asleep()).toEqual([]);
});
