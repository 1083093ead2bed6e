import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { systemNames, ValueSystems } from './value-systems.fixture.ts';
import { valueTables } from './value-table.fixture.ts';

let systems: ValueSystems;
beforeAll(async () => {
  systems = await ValueSystems.open();
});
afterAll(() => systems.close());

const modes = {
  'full-refresh': 'mode: full-refresh',
  truncate: 'mode: truncate',
  incremental: 'mode: incremental, primary_key: id',
  backfill: "mode: backfill, primary_key: id, update_key: id, source_options: { range: '0,100' }",
  snapshot: 'mode: snapshot',
};

describe.each(systemNames)('from %s', (source) => {
  describe.each(systemNames)('into %s', (target) => {
    const columns = valueTables[source].filter(({ beyond = [] }) => !beyond.includes(target));
    const name = `from_${source.toLowerCase()}`;
    const table = target === 'LITE' ? name : `extremes.${name}`;
    const load = (rest: string) =>
      systems.harness.loadOne(
        `source: ${source}\ntarget: ${target}_TO\nstreams:\n  extremes: { object: '${table}', select: [id, ${columns.map(({ name }) => name).join(', ')}], ${rest} }\n`,
      );

    test.each(Object.keys(modes) as (keyof typeof modes)[])('%s keeps every value', async (mode) => {
      const expected = await systems.held(source, source, 'extremes', columns);
      if (mode === 'snapshot') await systems.harness.run(`${target}_TO`, `delete from ${table}`);
      await load(modes[mode]);
      expect(await systems.held(`${target}_TO`, target, table, columns)).toEqual(expected);
    });

    test('the same values are nothing new', async () => {
      await load('mode: full-refresh');
      expect(await load(modes.incremental)).toMatchObject({ rowsInserted: 0, rowsUpdated: 0 });
    });
  });
});
