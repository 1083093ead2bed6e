import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { systemNames, ValueSystems } from './value-systems.fixture.ts';
import { meaning, type ScalarKind, spelling } from './value-meaning.fixture.ts';

let systems: ValueSystems;
beforeAll(async () => {
  systems = await ValueSystems.open();
});
afterAll(() => systems.close());

interface WrittenType {
  readonly type: string;
  readonly kind: ScalarKind;
  /** Texts, and what they say. */
  readonly says: Readonly<Record<string, string>>;
  /** Texts that some systems by themselves would take for a value. */
  readonly saysNothing: readonly string[];
}

const writtenTypes: readonly WrittenType[] = [
  {
    type: 'int', kind: 'number',
    says: { '12': '12', ' 12 ': '12', '+7': '7', '007': '7', '-0': '0', '-2147483648': '-2147483648' },
    saysNothing: ['1.5', '1e3', '', 'abc', '99999999999', '2147483648', '0x1f', '1_000', '0b1', '１２', '1 2'],
  },
  { type: 'bigint', kind: 'number', says: { '9223372036854775807': '9223372036854775807' }, saysNothing: ['9223372036854775808', '1.0'] },
  {
    type: 'decimal(6,2)', kind: 'number',
    says: { '1.25': '1.25', '1.255': '1.26', ' 1.5 ': '1.5', '1e2': '100', '.5': '0.5', '5.': '5', '-9999.99': '-9999.99' },
    saysNothing: ['NaN', 'inf', '1,5', '1_0.5', '99999.99', '-', '.', '0x1', ''],
  },
  { type: 'float', kind: 'double', says: { '1.5': '1.5', '1e300': '1e+300', ' 2 ': '2' }, saysNothing: ['1e400', 'x', '1_0.5', '0x1p3', '0x10', ''] },
  {
    type: 'bool', kind: 'boolean',
    says: { true: 'true', T: 'true', yes: 'true', Y: 'true', '1': 'true', FALSE: 'false', f: 'false', no: 'false', n: 'false', '0': 'false' },
    saysNothing: ['2', '', 'tru', ' true ', 'on', 'off'],
  },
  {
    type: 'date', kind: 'date',
    says: { '2024-02-29': '2024-02-29', '2024-02-29 10:00': '2024-02-29', '0001-01-01': '0001-01-01' },
    saysNothing: ['2024-2-9', '20240229', '2024/02/29', '02/29/2024', '03/02/2024', '29.02.2024', '2024-02-30', 'now', 'today', 'epoch', 'Feb 29 2024', '24-02-29', ''],
  },
  {
    type: 'datetime', kind: 'timestamp',
    says: {
      '2024-02-29 10:00:00': '2024-02-29 10:00:00.000000', '2024-02-29T10:00:00.5': '2024-02-29 10:00:00.500000',
      '2024-02-29': '2024-02-29 00:00:00.000000', '2024-02-29 10:00': '2024-02-29 10:00:00.000000',
    },
    saysNothing: ['02/29/2024 10:00', 'now', '2024-02-29 25:00:00', '2024-02-29 10:00:00.1234567', '2024-02-29 10 PM'],
  },
  {
    type: 'time', kind: 'time',
    says: { '10:00:00': '10:00:00.000000', '10:00': '10:00:00.000000', '23:59:59.999999': '23:59:59.999999' },
    saysNothing: ['10', '25:00:00', '10:00 PM', 'now', ''],
  },
  {
    type: 'uuid', kind: 'uuid',
    says: { '123E4567-e89b-12d3-a456-426655440000': '123e4567-e89b-12d3-a456-426655440000' },
    saysNothing: ['123', '', '123e4567-e89b-12d3-a456-42665544000g'],
  },
  { type: 'json', kind: 'json', says: { '1': '{"number":"1"}', '"x"': '"x"' }, saysNothing: ['{', '', 'x'] },
]; // prettier-ignore

describe.each(systemNames)(
  'into %s a text says a value in one way, whatever the system guesses',
  (target) => {
    test.each(writtenTypes)('$type', async ({ type, kind, says, saysNothing }) => {
      const { harness } = systems;
      const texts = [...Object.keys(says), ...saysNothing];
      await harness.run(
        'PG',
        'drop table if exists casts',
        'create table casts (id int primary key, v text)',
      );
      for (const [id, text] of texts.entries())
        await harness.run('PG', `insert into casts values (${id}, '${text}')`);
      const object = target === 'LITE' ? 'casts' : 'extremes.casts';
      const figures = await harness.loadOne(
        `source: PG\ntarget: ${target}_TO\nstreams:\n  casts: { object: ${object}, mode: full-refresh, columns: { v: '${type}' }, meta: { millrace: { max_rejects: 100 } } }\n`,
      );
      const rows = await harness.rows(
        `${target}_TO`,
        `select id, ${spelling(target, 'v', kind)} from ${object} order by id`,
      );
      expect(rows.map(([id, value]) => [texts[Number(id)], meaning(value, kind)])).toEqual(
        texts.filter((text) => Object.hasOwn(says, text)).map((text) => [text, says[text]]),
      );
      expect(figures).toMatchObject({ rowsRejected: saysNothing.length });
    });
  },
);
