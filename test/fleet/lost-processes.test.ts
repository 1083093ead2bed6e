import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { makeFleet, politeTask, stubbornTask, timesOf, workersOf, type Fleet } from '../support/fleet.ts';
import { startPostgres } from '../support/own-postgres.ts';
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

/** One that has begun before is short. */
const longAtFirst = `export const slow = defineTask({ key: 'slow', run: async (context) => {
  note('begin slow');
  await sleep(context.attempt === 1 ? 600_000 : 0, undefined, { signal: context.signal });
  note('end slow');
} });
`;

test('the steps of a worker that was killed are done by another, and no other step twice', async () => {
  const others = ['a', 'b', 'c'];
  fleet = await makeFleet(database.url, [longAtFirst, ...others.map((key) => politeTask(key, 0.3))]);
  await fleet.serve();
  const first = await fleet.worker(['--concurrency', '1']);
  const second = await fleet.worker(['--concurrency', '1']);
  const id = await fleet.enqueue();
  await fleet.seen('begin slow');
  const [name] = workersOf(await fleet.events(id), 'task/slow');
  const [killed, left] = name === first.name ? [first, second] : [second, first];
  killed.child.kill('SIGKILL');
  const run = await fleet.finished(id);
  expect(run.state).toBe('succeeded');
  const events = await fleet.events(id);
  expect(workersOf(events, 'task/slow')).toEqual([killed.name, left.name]);
  for (const key of others) expect(timesOf(events, `task/${key}`)).toEqual({ began: 1, succeeded: 1 });
  expect((await fleet.calls()).filter((line) => line.startsWith('end')).toSorted()).toEqual(
    [...others, 'slow'].map((key) => `end ${key}`).toSorted(),
  );
  expect(run.steps.find(({ key }) => key === 'task/slow')).toMatchObject({ attempt: 2, interruptions: 1 });
  const jobs = await database.query('select 1 from millrace_ledger_queue._private_jobs');
  expect(jobs).toEqual([]);
});

test('a worker that was stopped for longer than its lease writes nothing about what it had, and works on', async () => {
  fleet = await makeFleet(database.url, [
    stubbornTask('slow', 2),
    politeTask('later', 0, "after: ['task/slow'],"),
  ]);
  await fleet.serve();
  const stopped = await fleet.worker();
  const id = await fleet.enqueue();
  await fleet.seen('begin slow');
  stopped.child.kill('SIGSTOP');
  const second = await fleet.worker();
  expect((await fleet.finished(id)).state).toBe('succeeded');
  stopped.child.kill('SIGCONT');
  while ((await fleet.calls()).filter((line) => line === 'end slow').length < 2) await sleep(50);
  while (!(await fleet.store.dispatch?.workers())?.some(({ owner }) => owner === stopped.name))
    await sleep(50);
  const events = await fleet.events(id);
  expect(workersOf(events, 'task/slow')).toEqual([stopped.name, second.name]);
  expect(timesOf(events, 'task/slow')).toEqual({ began: 2, succeeded: 1 });
  expect(events.at(-1)).toMatchObject({ type: 'run_state', state: 'succeeded' });

  second.child.kill('SIGTERM');
  await second.result;
  const again = await fleet.enqueue('task/later');
  expect((await fleet.finished(again)).state).toBe('succeeded');
  expect(workersOf(await fleet.events(again), 'task/later')).toEqual([stopped.name]);
});

test('another server takes over from one that was killed, while workers go on with what they have', async () => {
  fleet = await makeFleet(database.url, [
    stubbornTask('slow', 6),
    politeTask('later', 0, "after: ['task/slow'],"),
  ]);
  const first = await fleet.serve();
  await fleet.serve();
  const worker = await fleet.worker();
  const id = await fleet.enqueue();
  await fleet.seen('begin slow');
  first.child.kill('SIGKILL');
  const run = await fleet.finished(id);
  expect(run.state).toBe('succeeded');
  const events = await fleet.events(id);
  expect(workersOf(events, 'task/slow')).toEqual([worker.name]);
  expect(timesOf(events, 'task/slow')).toEqual({ began: 1, succeeded: 1 });
  expect(await fleet.calls()).toEqual(['begin slow', 'end slow', 'begin later', 'end later']);
});

test('what a worker has ended while no server was there is gone on with by the next one', async () => {
  fleet = await makeFleet(database.url, [
    stubbornTask('slow', 3),
    politeTask('later', 0, "after: ['task/slow'],"),
  ]);
  const first = await fleet.serve();
  await fleet.worker();
  const id = await fleet.enqueue();
  await fleet.seen('begin slow');
  first.child.kill('SIGKILL');
  await fleet.seen('end slow');
  while (timesOf(await fleet.events(id), 'task/slow').succeeded === 0) await sleep(50);
  await fleet.serve();
  expect((await fleet.finished(id)).state).toBe('succeeded');
  expect(await fleet.calls()).toEqual(['begin slow', 'end slow', 'begin later', 'end later']);
});

test('a restart of the database in the middle of a run ends nothing, and repeats no step that has ended', async () => {
  const server = await startPostgres('fleet');
  try {
    const keys = ['a', 'b', 'c', 'd', 'e', 'f'];
    const tasks = keys.map((key, index) =>
      politeTask(key, 1, index === 0 ? '' : `after: ['task/${keys[index - 1]}'],`),
    );
    fleet = await makeFleet(server.url, tasks);
    await fleet.serve();
    await fleet.worker();
    await fleet.worker();
    const id = await fleet.enqueue();
    await fleet.seen('begin b');
    await server.restart();
    const run = await fleet.finished(id);
    expect(run.state).toBe('succeeded');
    const events = await fleet.events(id);
    for (const key of keys) expect(timesOf(events, `task/${key}`).succeeded).toBe(1);
    const ends = (await fleet.calls()).filter((line) => line.startsWith('end'));
    expect(ends).toEqual(keys.map((key) => `end ${key}`));
  } finally {
    await fleet?.close();
    fleet = undefined;
    await server.remove();
  }
});
