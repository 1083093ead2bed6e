import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Column, ColumnBatch, ColumnVector, Row } from '../../src/connector/index.ts';
import { duckdbConnector } from '../../src/connectors/duckdb/index.ts';
import { postgresConnector } from '../../src/connectors/postgres/index.ts';
import { hostileSource, type Hostility, type SuiteTable } from '../../src/testing/index.ts';
import { LoadHarness } from '../support/load-harness.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres-database.ts';

const rowCount = 6000;
const pageRows = 500;
const columns: readonly Column[] = [
  { name: 'id', type: { type: 'int64' }, nullable: false },
  { name: 'note', type: { type: 'text' }, nullable: true },
  { name: 'amount', type: { type: 'decimal', precision: 12, scale: 2 }, nullable: true },
  { name: 'changed', type: { type: 'timestamptz' }, nullable: false },
];

function rowsFrom(first: number, count: number, word: string): readonly (readonly Row[])[] {
  const rows = Array.from({ length: count }, (_, index): Row => ({
    id: first + index,
    note: (first + index) % 11 === 0 ? null : `${word} ${first + index}`,
    amount: `${first + index}.25`,
    changed: new Date(Date.UTC(2024, 0, 1) + (first + index) * 60_000).toISOString(),
  }));
  return Array.from({ length: Math.ceil(count / pageRows) }, (_, page) =>
    rows.slice(page * pageRows, (page + 1) * pageRows),
  );
}

const tableOf = (pages: SuiteTable['pages']): SuiteTable => ({
  name: 'things',
  schema: { columns, primaryKey: ['id'] },
  pages,
});

const modes = {
  'full-refresh': 'mode: full-refresh',
  incremental: 'mode: incremental, primary_key: [id], update_key: changed',
} as const;

let harness: LoadHarness;
let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
  harness = await LoadHarness.create();
  await harness.open('DUCK', duckdbConnector, { path: 'warehouse.duckdb' });
  const settings = postgresConnector.config.parse(postgresConnector.parseUrl(database.url));
  await harness.open('PG', postgresConnector, settings);
});
afterAll(async () => {
  await harness.close();
  await database.drop();
});

describe.each(['DUCK', 'PG'])('a hostile source into %s', (target) => {
  describe.each(['full-refresh', 'incremental'] as const)('by %s', (mode) => {
    const yaml = `{source: RUDE, target: ${target}, streams: {things: {object: hostile.things, ${modes[mode]}}}}`;
    const load = async (hostility: Hostility, pages = rowsFrom(1, rowCount, 'new')): Promise<unknown> => {
      harness.replace('RUDE', hostileSource('RUDE', tableOf(pages), hostility));
      return await harness.loadOne(yaml);
    };
    const held = async () =>
      (
        await harness.rows(
          target,
          `select count(*), count(distinct id), min(id), max(id), sum(amount), count(note), max(note) from hostile.things`,
        )
      )[0]?.map(String);
    const stages = async () =>
      (await harness.get(target)).database?.list('hostile').then((all) => all.map(({ name }) => name));

    beforeEach(async () => {
      await harness.run(target, 'drop schema if exists hostile cascade');
      await harness.run(target, 'drop schema if exists _millrace cascade');
      await load({}, rowsFrom(1, 1000, 'old'));
    });

    const whole = ['6000', '6000', '1', '6000', '18004500.00', '5455', 'new 999'];
    /** Rows are read again from the last one that was there: that one is new, those before it are not. */
    const expected = mode === 'full-refresh' ? whole : [...whole.slice(0, 6), 'old 999'];

    /** Right in the end, whatever it did on the way. */
    test.each<[string, Hostility]>([
      ['reorders', { reversed: true }],
      ['lies about its size, to the top', { estimatedRows: 1e12 }],
      ['lies about its size, to the bottom', { estimatedRows: 0 }],
      ['is slow', { slowTurns: 20 }],
      ['does not listen to where to begin', { deaf: true }],
    ])('that %s gives the right table', async (_, hostility) => {
      await load(hostility);
      expect(await held()).toEqual(expected);
      await load(hostility);
      expect(await held()).toEqual(expected);
    });

    test('that gives rows twice doubles none where a key tells them', async () => {
      await load({ doubled: true });
      expect(await held()).toEqual(
        mode === 'incremental'
          ? expected
          : ['12000', ...expected.slice(1, 4), '36009000.00', '10910', 'new 999'],
      );
    });

    /** Ends with an error that says why, and the target is as it was. */
    test.each<[string, Hostility, object]>([
      [
        'breaks off before the first row',
        { breakAfterPages: 0 },
        { kind: 'transient', code: 'connection_lost' },
      ],
      ['breaks off in the middle', { breakAfterPages: 5 }, { kind: 'transient', code: 'connection_lost' }],
      [
        'breaks off by a socket',
        { breakAfterPages: 5, breakBy: 'socket' },
        { kind: 'transient', code: 'connection_lost' },
      ],
      [
        'breaks off after the last row',
        { breakAfterPages: 12 },
        { kind: 'transient', code: 'connection_lost' },
      ],
      [
        'has a mistake in its code',
        { breakAfterPages: 5, breakBy: 'code' },
        { kind: 'fatal', code: 'source_failed' },
      ],
      [
        'loses a column',
        { spoil: (row, index) => (index > 4000 ? { id: row['id'] } : row) },
        { kind: 'data', code: 'column_missing' },
      ],
      [
        'changes a type on the way',
        { spoil: (row, index) => (index > 4000 ? { ...row, note: index } : row) },
        { kind: 'data', code: 'value_ill_typed' },
      ],
      [
        'gives NULL where there is none',
        { spoil: (row, index) => (index === 4000 ? { ...row, id: null } : row) },
        { kind: 'data', code: 'value_missing' },
      ],
      [
        'gives numbers that do not fit',
        { spoil: (row, index) => (index === 4000 ? { ...row, amount: '1.005' } : row) },
        { kind: 'data', code: 'value_ill_typed' },
      ],
      [
        'gives dates by locale',
        { spoil: (row, index) => (index === 4000 ? { ...row, changed: '03/04/2024' } : row) },
        { kind: 'data', code: 'value_ill_typed' },
      ],
      [
        'changes its columns after it was asked',
        {
          laterSchema: {
            columns: columns.map((column) =>
              column.name === 'amount' ? { ...column, type: { type: 'float64' } } : column,
            ),
            primaryKey: [],
          },
        },
        { kind: 'transient', code: 'columns_changed' },
      ],
      [
        'loses a column after it was asked',
        { laterSchema: { columns: columns.slice(0, 3), primaryKey: [] } },
        { kind: 'data', code: 'column_gone' },
      ],
      [
        'says it gives more rows than it does',
        { spoilBatch: (batch) => ({ ...batch, rowCount: batch.rowCount + 5 }) },
        { kind: 'fatal', code: 'batch_invalid' },
      ],
      [
        'says it gives no rows',
        { spoilBatch: (batch) => ({ ...batch, rowCount: 0 }) },
        { kind: 'fatal', code: 'batch_invalid' },
      ],
      [
        'leaves out a vector',
        { spoilBatch: (batch) => ({ ...batch, vectors: batch.vectors.slice(1) }) },
        { kind: 'fatal', code: 'batch_invalid' },
      ],
      [
        'gives a vector of another kind',
        { spoilBatch: (batch) => withVector(batch, 0, { kind: 'int32', values: new Int32Array(2048) }) },
        { kind: 'fatal', code: 'batch_invalid' },
      ],
      [
        'gives places beyond its bytes',
        { spoilBatch: beyondBytes },
        { kind: 'fatal', code: 'batch_invalid' },
      ],
      [
        'gives too few marks of NULL',
        {
          spoilBatch: (batch) =>
            withVector(batch, 0, {
              kind: 'int64',
              values: new BigInt64Array(2048),
              validity: new Uint8Array(3),
            }),
        },
        { kind: 'fatal', code: 'batch_invalid' },
      ],
    ])('that %s leaves the target as it was', async (_, hostility, error) => {
      const before = await held();
      await expect(load(hostility)).rejects.toMatchObject(error);
      expect(await held()).toEqual(before);
      expect(await stages()).toEqual(['things']);
      await load({});
      expect(await held()).toEqual(expected);
    });
  });
});

function withVector(batch: ColumnBatch, index: number, vector: ColumnVector): ColumnBatch {
  return { ...batch, vectors: batch.vectors.with(index, vector) };
}

function beyondBytes(batch: ColumnBatch): ColumnBatch {
  const note = batch.vectors[1];
  if (note?.kind !== 'bytes') return batch;
  const ends = note.ends.slice();
  ends[batch.rowCount - 1] = note.data.length + 1000;
  const { validity: _, ...whole } = note;
  return withVector(batch, 1, { ...whole, ends });
}
