import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { systemNames, ValueSystems } from './value-systems.fixture.ts';
import { type SystemName, type ValueColumn, valueTables } from './value-table.fixture.ts';

let systems: ValueSystems;
beforeAll(async () => {
  systems = await ValueSystems.open();
});
afterAll(() => systems.close());

/** What may be a primary key there, and has an order. */
function mayBeKey(source: SystemName, { kind, name, type }: ValueColumn): boolean {
  if (typeof kind !== 'string' || ['bytes', 'json', 'record', 'interval', 'boolean'].includes(kind))
    return false;
  return !(source === 'MARIA' && type === 'longtext') && !['money', 'span_of'].includes(name);
}

/** Indexes are on what is compared, but for SQLite's times and decimals and the FLOAT of MySQL. */
function isCut(source: SystemName, name: string): boolean {
  return source === 'PG' || (source === 'MARIA' && name !== 'single');
}

describe.each(systemNames.filter((name) => name !== 'DUCK'))(
  'in chunks along a primary key of %s',
  (source) => {
    const columns = valueTables[source].filter((column) => mayBeKey(source, column));
    test.each(columns.map((column) => [column.name, column.type, column] as const))(
      '%s %s: every row comes once, and is merged into itself',
      async (name, type, column) => {
        const { harness } = systems;
        await harness.run(source, 'drop table if exists chunked');
        await harness.run(source, `create table chunked (${name} ${type} not null primary key, id int)`);
        for (const [row, value] of column.values.entries())
          await harness.run(source, `insert into chunked values (${value}, ${row})`);
        if (source === 'PG') await harness.run(source, 'analyze chunked');
        await harness.run(
          'PG_TO',
          'drop schema if exists chunks cascade',
          'drop schema if exists _millrace cascade',
        );
        await harness.run('PG_TO', 'create schema chunks');
        const yaml = (rest: string): string =>
          `source: ${source}\ntarget: PG_TO\nstreams:\n  chunked: { object: chunks.t, primary_key: ${name}, source_options: { chunk_size: 1 }, meta: { millrace: { parallel_chunks: 1 } }, ${rest} }\n`;
        const expected = await systems.held(source, source, 'chunked', [column]);
        for (const mode of ['mode: full-refresh', 'mode: full-refresh', 'mode: incremental']) {
          const figures = await harness.loadOne(yaml(mode));
          if (isCut(source, name)) expect(figures['chunks']).toBe(expected.length);
          if (mode === 'mode: incremental')
            expect(figures).toMatchObject({ rowsInserted: 0, rowsUpdated: 0 });
          expect(await systems.held('PG_TO', 'PG', 'chunks.t', [column])).toEqual(expected);
        }
      },
    );
  },
);
