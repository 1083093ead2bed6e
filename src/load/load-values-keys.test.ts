import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { systemNames, ValueSystems } from './value-systems.fixture.ts';
import { type SystemName, type ValueColumn, valueTables } from './value-table.fixture.ts';

let systems: ValueSystems;
beforeAll(async () => {
  systems = await ValueSystems.open();
});
afterAll(() => systems.close());

/** Values that have no order, or none that PostgreSQL finds the greatest of. */
const isNoKey = ({ kind, name }: ValueColumn, source: SystemName): boolean =>
  typeof kind !== 'string' ||
  ['bytes', 'json', 'record', 'interval'].includes(kind) ||
  (source === 'PG' && ['truth', 'id128', 'span_of', 'bits', 'money'].includes(name));

const quoted = (system: SystemName, name: string): string =>
  system === 'MARIA' ? `\`${name}\`` : `"${name}"`;

describe.each(systemNames)('along an update key of %s', (source) => {
  beforeEach(() =>
    systems.harness.run(
      'DUCK_TO',
      'drop schema if exists keyed cascade',
      'drop schema if exists _millrace cascade',
    ),
  );
  const load = (column: string, rest: string) =>
    systems.harness.loadOne(
      `source: ${source}\ntarget: DUCK_TO\nstreams:\n  extremes: { object: keyed.t, mode: incremental, update_key: ${column}, select: [id, ${column}], meta: { millrace: { null_update_key: skip } }${rest} }\n`,
    );
  const held = async () =>
    (await systems.harness.rows('DUCK_TO', 'select id from keyed.t order by id')).map(([id]) => Number(id));

  const columns = valueTables[source];
  test.each(
    columns.filter((column) => !isNoKey(column, source)).map(({ name, type }) => [name, type] as const),
  )('%s %s: the greatest value comes after the others, once', async (column) => {
    const key = quoted(source, column);
    const [[greatest] = []] = await systems.harness.rows(
      source,
      `select id from extremes where ${key} is not null order by ${key} desc, id desc limit 1`,
    );
    const all = (
      await systems.harness.rows(source, `select id from extremes where ${key} is not null order by id`)
    ).map(([id]) => Number(id));
    for (const keys of [', primary_key: id', '']) {
      await systems.harness.run(
        'DUCK_TO',
        'drop schema if exists keyed cascade',
        'drop schema if exists _millrace cascade',
      );
      await load(column, `${keys}, where: 'id <> ${String(greatest)}'`);
      expect(await held()).toEqual(all.filter((id) => id !== Number(greatest)));
      await load(column, keys);
      expect(await held()).toEqual(all);
      await load(column, keys);
      expect(await held()).toEqual(all);
      expect(await load(column, keys)).toMatchObject({ rowsInserted: 0, rowsUpdated: 0 });
    }
  });

  test.each(
    columns.filter((column) => isNoKey(column, source)).map(({ name, type }) => [name, type] as const),
  )('%s %s is refused', async (column) => {
    const code = ['span_of', 'bits', 'money'].includes(column) ? /failed|invalid/ : /^key_type_unsupported$/;
    await expect(load(column, ', primary_key: id')).rejects.toMatchObject({
      code: expect.stringMatching(code),
    });
  });
});
