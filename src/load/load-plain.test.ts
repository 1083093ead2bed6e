import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Connection, type Row, type RowsRequest, rowsSource } from '../connector/index.ts';
import { duckdbConnector } from '../connectors/duckdb/index.ts';
import { LoadHarness } from '../../test/support/load-harness.ts';

const asked: RowsRequest[] = [];
let rows: readonly Row[] = [];

/** Gives all its rows, whatever it is asked for. */
const api: Connection = {
  name: 'API',
  type: 'api_of_a_test',
  check: async () => 'an API',
  close: async () => {},
  source: rowsSource('API', {
    discover: async () => ['things'],
    describe: async () => ({
      columns: [
        { name: 'id', type: { type: 'int32' }, nullable: false },
        { name: 'at', type: { type: 'timestamptz' }, nullable: true },
      ],
      primaryKey: ['id'],
    }),
    read: async function* (request) {
      asked.push(request);
      yield rows;
    },
  }),
};

let harness: LoadHarness;
beforeAll(async () => {
  harness = await LoadHarness.create();
  await harness.open('WAREHOUSE', duckdbConnector, { path: 'plain.duckdb' });
  harness.replace('API', api);
});
afterAll(() => harness.close());

const day = (number: number): string => `2024-01-0${number}T00:00:00Z`;
const yaml = (object: string, keys: string): string =>
  `{source: API, target: WAREHOUSE, streams: {things: {object: raw.${object}, primary_key: id, update_key: at, ${keys}}}}`;
const ids = async (object: string): Promise<unknown> =>
  (await harness.rows('WAREHOUSE', `select id from raw.${object} order by id`)).flat();

test('a lookback asks for older rows, and drops what is older still', async () => {
  rows = [1, 2, 3].map((id) => ({ id, at: day(id) }));
  const keys = 'mode: incremental, meta: {millrace: {lookback_seconds: 86400}}';
  await harness.loadOne(yaml('lookback', keys));
  rows = [{ id: 10, at: day(1) }, { id: 20, at: day(2) }, { id: 30, at: null }, ...rows];
  const figures = await harness.loadOne(yaml('lookback', keys));
  expect(asked.at(-1)?.after).toEqual({ column: 'at', value: day(2) });
  expect(await ids('lookback')).toEqual([1, 2, 3, 20, 30]);
  expect(figures).toMatchObject({ rowsRead: 4 });
});

test('a range keeps to both of its ends', async () => {
  rows = [1, 2, 3, 4].map((id) => ({ id, at: day(id) })).concat({ id: 5, at: null as never });
  await harness.loadOne(yaml('ranged', `mode: backfill, source_options: {range: '2024-01-02,2024-01-03'}`));
  expect(asked.at(-1)?.after).toEqual({ column: 'at', value: day(2) });
  expect(await ids('ranged')).toEqual([2, 3]);
});

test('a definition alone reads no row', async () => {
  await harness.loadOne(yaml('defined', 'mode: definition-only'));
  expect(await ids('defined')).toEqual([]);
});

test.each([
  ['where: id > 1', 'takes no where'],
  ['sql: select 1', 'takes no sql'],
  ['source_options: {delimiter: ";"}', 'takes no source_options.delimiter'],
])('%s is refused with its key', async (keys, message) => {
  await expect(harness.loadOne(yaml('refused', `mode: incremental, ${keys}`))).rejects.toThrow(message);
});
