import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import { openRead, readRows } from './read-rows.ts';
import { numbered } from './suite-tables.ts';
import { checkError, rejection, type SuiteCase } from './suite-test.ts';

const never = new AbortController().signal;
/** More than sockets and buffers hold, so that a reading is really under way. */
const rowsUnderWay = 200_000;

/** Tests of how connections and readings begin and end. */
export const connectionCases: readonly SuiteCase[] = [
  {
    name: 'says in one line what is there',
    run: async (bench) => {
      const line = await (await bench.connection()).check(never);
      assert.match(line, /^[^\n]+$/);
    },
  },
  {
    name: 'knows its name and type',
    run: async (bench) => {
      const { name, type } = await bench.connection();
      assert.deepEqual({ name, type }, { name: 'SUITE', type: bench.options.connector.type });
    },
  },
  {
    name: 'can be closed twice, and opened again',
    run: async (bench) => {
      const connection = await bench.open();
      await connection.check(never);
      await connection.close();
      await connection.close();
      const again = await bench.open();
      await again.check(never);
      await again.close();
    },
  },
];

export const wrongSettingsCase: SuiteCase = {
  name: 'refuses wrong settings without telling the secret in them',
  run: async (bench) => {
    const wrong = bench.options.wrong?.();
    assert.ok(wrong, 'wrong: is missing in the options of the suite');
    const attempt = async (): Promise<string> => await (await bench.open(wrong.config)).check(never);
    const error = checkError(await rejection(attempt(), 'the settings are wrong'), ['config']);
    assert.ok(!inspect(error, { depth: 10 }).includes(wrong.secret), 'the error holds the secret');
  },
};

export const readingEndCases: readonly SuiteCase[] = [
  {
    name: 'ends a reading that is cancelled, and reads on afterwards',
    run: async (bench) => {
      const stream = await bench.put(numbered('suite_cancel', rowsUnderWay));
      const source = await bench.source();
      const stop = new AbortController();
      const payload = await openRead(source, { stream: { name: stream }, columns: ['id'] }, stop.signal);
      let rows = 0;
      const reading = (async () => {
        for await (const batch of payload.batches) {
          rows += batch.rowCount;
          batch.release?.();
          stop.abort();
        }
      })();
      checkError(await rejection(reading, 'the reading was cancelled'), ['cancelled']);
      assert.ok(rows < rowsUnderWay);
      assert.equal((await readRows(source, stream, { columns: ['id'] })).length, rowsUnderWay);
    },
  },
  {
    name: 'does not begin a reading that is cancelled already',
    run: async (bench) => {
      const stream = await bench.put(numbered('suite_cancelled_before', 10));
      const reading = (async () => {
        const request = { stream: { name: stream }, columns: ['id'] };
        const payload = await openRead(await bench.source(), request, AbortSignal.abort());
        for await (const batch of payload.batches) batch.release?.();
      })();
      checkError(await rejection(reading, 'the reading was cancelled'), ['cancelled']);
    },
  },
  {
    name: 'closes while it is read from, and leaves no session',
    run: async (bench) => {
      const stream = await bench.put(numbered('suite_close', rowsUnderWay));
      const before = await bench.options.sessions?.();
      const connection = await bench.open();
      assert.ok(connection.source);
      const request = { stream: { name: stream }, columns: ['id', 'note'] };
      const payload = await openRead(connection.source, request);
      const batches = payload.batches[Symbol.asyncIterator]();
      await batches.next();
      await connection.close();
      const rest = (async () => {
        while ((await batches.next()).done !== true);
      })();
      await rest.catch((error: unknown) => checkError(error, ['cancelled', 'transient', 'fatal', 'config']));
      await batches
        .return?.()
        .catch((error: unknown) => checkError(error, ['cancelled', 'transient', 'fatal']));
      if (before !== undefined) await sessionsFallTo(before, bench.options.sessions);
    },
  },
];

/** Servers let go of a session some time after its socket is closed. */
async function sessionsFallTo(count: number, sessions: (() => Promise<number>) | undefined): Promise<void> {
  const attempts = 100;
  let left = Infinity;
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    left = (await sessions?.()) ?? 0;
    if (left <= count) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  assert.fail(`${left} sessions are open, and there were ${count} before`);
}
