import { describe, expect, test } from 'vitest';
import { laboratory, systems } from './testing/laboratory.fixture.ts';

const property = (columns: string, constraints = ''): string =>
  `models:\n  - name: m\n    config: { contract: { enforced: true } }\n${constraints}    columns: ${columns}\n`;

describe.each(systems)('on %s', (dialectName) => {
  const lab = laboratory(dialectName);
  const typed =
    '[{ name: id, data_type: integer, constraints: [{ type: not_null }] }, { name: name, data_type: varchar }]';

  test('the table has the types and constraints that were promised', async () => {
    const files = {
      'models/m.sql': "{{ config(materialized='table') }} select 'a'::varchar as name, 1 as id",
      'models/m.yml': property(
        '[{ name: id, data_type: integer, constraints: [{ type: not_null }, { type: check, expression: id > 0 }] }, { name: name, data_type: varchar }]',
        '    constraints: [{ type: primary_key, columns: [id] }]\n',
      ),
    };
    await lab.run(files, 'm');
    await lab.run(files, 'm');
    expect(await lab.rows('select id, name from lab.m')).toEqual([[1, 'a']]);
    await expect(lab.execute("insert into lab.m values (1, 'b')")).rejects.toThrow(/[Dd]uplicate|unique/);
    await expect(lab.execute("insert into lab.m values (null, 'b')")).rejects.toThrow(/null/i);
    await expect(lab.execute("insert into lab.m values (-1, 'b')")).rejects.toThrow(/check/i);
  });

  test.each(['table', 'view'])(
    'a %s that breaks its contract leaves what was there',
    async (materialized) => {
      const good = {
        'models/m.sql': `{{ config(materialized='${materialized}') }} select 1 as id, 'a'::varchar as name`,
        'models/m.yml': property(typed),
      };
      await lab.run(good, 'm');
      const bad = {
        ...good,
        'models/m.sql': `{{ config(materialized='${materialized}') }} select 'x'::varchar as id, 2 as more`,
      };
      await expect(lab.run(bad, 'm')).rejects.toMatchObject({
        code: 'contract_broken',
        message: expect.stringMatching(
          /id .*data type mismatch; name .*missing in definition; more .*missing in contract/,
        ),
      });
      expect(await lab.rows('select * from lab.m')).toEqual([[1, 'a']]);
    },
  );

  test('the precision of numbers is part of the type where dbt compares it', async () => {
    const built = lab.run(
      {
        'models/m.sql': "{{ config(materialized='table') }} select 1.5::numeric(10, 2) as amount",
        'models/m.yml': property('[{ name: amount, data_type: "numeric(12, 4)" }]'),
      },
      'm',
    );
    if (dialectName === 'postgres') await expect(built).resolves.toMatchObject({ rows: 1 });
    else
      await expect(built).rejects.toThrow(
        /amount \(decimal\(10,2\) \| decimal\(12,4\)\): data type mismatch/i,
      );
  });

  test('rows that break a constraint are an error, and nothing is replaced', async () => {
    const files = (sql: string): Record<string, string> => ({
      'models/m.sql': `{{ config(materialized='table') }} ${sql}`,
      'models/m.yml': property(typed),
    });
    await lab.run(files("select 1 as id, 'a'::varchar as name"), 'm');
    await expect(lab.run(files("select null::integer as id, 'a'::varchar as name"), 'm')).rejects.toThrow(
      /null/i,
    );
    expect(await lab.rows('select * from lab.m')).toEqual([[1, 'a']]);
  });

  test('a contract without types is told by its file', async () => {
    const files = { 'models/m.sql': 'select 1 as id', 'models/m.yml': property('[{ name: id }]') };
    await expect(lab.read(files)).rejects.toMatchObject({
      code: 'contract_invalid',
      issues: [{ origin: { file: 'transform/models/m.yml', line: expect.any(Number) } }],
    });
  });
});

describe('a materialized view on postgres', () => {
  const lab = laboratory('postgres');
  const files = (config: string): Record<string, string> => ({
    'seeds/s.csv': 'id\n1\n',
    'models/m.sql': `{{ config(materialized='materialized_view'${config}) }} select id from {{ ref('s') }}`,
  });

  test('is made once and refreshed from then on', async () => {
    await lab.run(files(''), 's');
    expect((await lab.run(files(''), 'm')).metadata).toMatchObject({ change: 'created' });
    await lab.execute('insert into lab.s values (2)');
    expect((await lab.run(files(''), 'm')).metadata).toMatchObject({ change: 'refreshed' });
    expect(await lab.rows('select count(*) from lab.m')).toEqual([[2]]);
    expect(await lab.rows("select relkind::text from pg_class where relname = 'm'")).toEqual([['m']]);
  });

  test('follows its configuration as on_configuration_change says', async () => {
    await lab.run(files(''), 's');
    await lab.run(files(''), 'm');
    const indexed = ", indexes=[{'columns': ['id']}]";
    await expect(lab.run(files(`${indexed}, on_configuration_change='fail'`), 'm')).rejects.toMatchObject({
      code: 'configuration_changed',
    });
    const kept = await lab.run(files(`${indexed}, on_configuration_change='continue'`), 'm');
    expect(kept.metadata).toMatchObject({ change: 'kept' });
    const count = "select count(*) from pg_indexes where schemaname = 'lab' and tablename = 'm'";
    expect(await lab.rows(count)).toEqual([[0]]);
    expect((await lab.run(files(indexed), 'm')).metadata).toMatchObject({ change: 'altered' });
    expect(await lab.rows(count)).toEqual([[1]]);
    expect((await lab.run(files(indexed), 'm')).metadata).toMatchObject({ change: 'refreshed' });
    expect((await lab.run(files(indexed), 'm', { fullRefresh: true })).metadata).toMatchObject({
      change: 'created',
    });
  });

  test('takes the place of a table, and gives it back', async () => {
    await lab.run(files(''), 's');
    const table = { ...files(''), 'models/m.sql': "{{ config(materialized='table') }} select 7 as id" };
    await lab.run(table, 'm');
    await lab.run(files(''), 'm');
    expect(await lab.rows('select id from lab.m')).toEqual([[1]]);
    await lab.run(table, 'm');
    expect(await lab.rows('select id from lab.m')).toEqual([[7]]);
  });
});
