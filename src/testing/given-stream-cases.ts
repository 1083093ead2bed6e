import assert from 'node:assert/strict';
import { spelled } from './same-value.ts';
import { openRead, readRows } from './read-rows.ts';
import type { SuiteBench } from './suite-bench.ts';
import { checkError, rejection, type SuiteCase } from './suite-test.ts';

/** Tests of a stream that is there already, for systems whose streams are given. */
export const givenStreamCases: readonly SuiteCase[] = [
  {
    name: 'lists its streams, and describes each',
    run: async (bench) => {
      const source = await bench.source();
      const names = await source.discover('*');
      assert.ok(names.includes(givenStream(bench)), names.join(', '));
      for (const name of names) {
        const { columns, primaryKey } = await source.describe({ name }, {});
        const known = columns.map((column) => column.name);
        assert.equal(new Set(known).size, known.length, `${name} has a column twice`);
        assert.deepEqual(
          primaryKey.filter((key) => !known.includes(key)),
          [],
          `${name} lacks a key column`,
        );
      }
      assert.deepEqual(await source.discover('suite_nothing_*'), []);
    },
  },
  {
    name: 'says that a stream is missing',
    run: async (bench) => {
      const error = checkError(await rejection(bench.describe('suite_gone'), 'there is no such stream'), [
        'config',
      ]);
      assert.equal(error.code, 'stream_missing');
    },
  },
  {
    name: 'reads the same rows again, also beside one another',
    run: async (bench) => {
      const source = await bench.source();
      const stream = givenStream(bench);
      const { columns, primaryKey } = await source.describe({ name: stream }, {});
      const readings = await Promise.all([1, 2].map(() => readRows(source, stream)));
      const lines = [...readings, await readRows(source, stream)].map((rows) =>
        rows.map((row) => JSON.stringify(columns.map(({ name, type }) => spelled(row[name], type)))).sort(),
      );
      assert.ok((lines[0]?.length ?? 0) >= 2, 'the stream needs two rows at least');
      for (const other of lines.slice(1)) assert.deepEqual(other, lines[0]);
      const keys = (readings[0] ?? []).map((row) => primaryKey.map((key) => String(row[key])).join('\0'));
      if (primaryKey.length > 0) assert.equal(new Set(keys).size, keys.length, 'a primary key comes twice');
    },
  },
  {
    name: 'reads the columns asked for, in that order, and refuses others',
    run: async (bench) => {
      const source = await bench.source();
      const stream = givenStream(bench);
      const names = (await bench.describe(stream)).columns.map((column) => column.name).reverse();
      await readRows(source, stream, { columns: names });
      const wrong = readRows(source, stream, { columns: [...names, 'suite_gone'] });
      checkError(await rejection(wrong, 'there is no such column'), ['config', 'data']);
    },
  },
  {
    name: 'stops at a limit',
    run: async (bench) => {
      const source = await bench.source();
      assert.equal((await readRows(source, givenStream(bench), { limit: 1 })).length, 1);
      assert.equal((await readRows(source, givenStream(bench), { limit: 0 })).length, 0);
    },
  },
  {
    name: 'does not begin a reading that is cancelled already',
    run: async (bench) => {
      const stream = givenStream(bench);
      const [column] = (await bench.describe(stream)).columns;
      const reading = (async () => {
        const request = { stream: { name: stream }, columns: [column?.name ?? ''] };
        const payload = await openRead(await bench.source(), request, AbortSignal.abort());
        for await (const batch of payload.batches) batch.release?.();
      })();
      checkError(await rejection(reading, 'the reading was cancelled'), ['cancelled']);
    },
  },
];

function givenStream({ options }: SuiteBench<unknown>): string {
  return options.stream ?? '';
}
