import { describe, expect, test } from 'vitest';
import { laboratory, systems } from './testing/laboratory.fixture.ts';
import type { Files } from './testing/temporary-project.fixture.ts';

describe.each(systems)('on %s', (dialectName) => {
  const lab = laboratory(dialectName);
  const model = (config: string, select: string): { 'models/m.sql': string } => ({
    'models/m.sql': `{{ config(materialized='incremental', ${config}) }}\n${select}`,
  });
  const build = async (config: string, ...selects: readonly string[]): Promise<unknown[][]> => {
    for (const select of selects) await lab.run(model(config, select), 'm');
    return await lab.rows('select * from lab.m order by 1, 2');
  };
  const first = "select 1 as id, 'a' as state, 10 as amount union all select 2, 'b', 20";
  const second = "select 2 as id, 'c' as state, 99 as amount union all select 3, 'd', 30";
  const merge = "incremental_strategy='merge', unique_key='id'";

  test('merge updates rows of a known key and inserts the others', async () => {
    expect(await build(merge, first, second)).toEqual([
      [1, 'a', 10],
      [2, 'c', 99],
      [3, 'd', 30],
    ]);
  });

  test.each(["merge_update_columns=['state']", "merge_exclude_columns=['amount', 'id']"])(
    'merge leaves columns alone: %s',
    async (columns) => {
      expect(await build(`${merge}, ${columns}`, first, second)).toEqual([
        [1, 'a', 10],
        [2, 'c', 20],
        [3, 'd', 30],
      ]);
    },
  );

  test('merge without a key inserts', async () => {
    expect(await build("incremental_strategy='merge'", first, second)).toHaveLength(4);
  });

  test.each(['merge', 'delete+insert'])('predicates narrow what %s may touch', async (strategy) => {
    const config = `incremental_strategy='${strategy}', unique_key='id', incremental_predicates=["DBT_INTERNAL_DEST.amount > 50"]`;
    expect(await build(config, first, second)).toEqual([
      [1, 'a', 10],
      [2, 'b', 20],
      [2, 'c', 99],
      [3, 'd', 30],
    ]);
  });

  test('sync_all_columns adds, drops and retypes', async () => {
    const rows = await build(
      "on_schema_change='sync_all_columns'",
      "select 1 as id, 'a' as state, 10 as amount",
      "select 2 as id, cast(1.5 as double precision) as amount, 'x' as extra",
    );
    expect(rows).toEqual([
      [1, 10, null],
      [2, 1.5, 'x'],
    ]);
  });

  test('fail does not round what has another type now', async () => {
    const second = "select 2 as id, 'bcd' as state, cast(20.5 as double precision) as amount";
    const first = "select 1 as id, cast('a' as varchar(3)) as state, 10 as amount";
    await expect(build("on_schema_change='fail'", first, second)).rejects.toMatchObject({
      code: 'columns_changed',
      message: 'the columns changed, of another type: amount',
    });
  });

  test('a text that became longer than its column widens it', async () => {
    const text = (value: string, size: number): string =>
      `select cast('${value}' as varchar(${size})) as state, 1 as id`;
    expect(await build("incremental_strategy='append'", text('ab', 2), text('abcd', 8))).toEqual([
      ['ab', 1],
      ['abcd', 1],
    ]);
  });

  test('a header runs before the relation is made', async () => {
    await lab.run(
      {
        'models/m.sql':
          "{{ config(materialized='table', sql_header='create table lab.before as select 7 as x') }} select x from lab.before",
      },
      'm',
    );
    expect(await lab.rows('select * from lab.m')).toEqual([[7]]);
  });

  test('descriptions become comments where they are asked for', async () => {
    const files = (kind: string): Record<string, string> => ({
      'models/m.sql': `{{ config(materialized='${kind}', persist_docs={'relation': true, 'columns': true}) }} select 1 as id`,
      'models/m.yml':
        "models: [{name: m, description: it's m, columns: [{name: id, description: the id}, {name: gone, description: x}]}]",
    });
    const comments =
      dialectName === 'duckdb'
        ? (kind: string): string =>
            `select (select comment from duckdb_${kind}s() where ${kind}_name = 'm' and schema_name = 'lab'), comment from duckdb_columns() where table_name = 'm' and schema_name = 'lab'`
        : (): string => "select obj_description('lab.m'::regclass), col_description('lab.m'::regclass, 1)";
    for (const kind of ['table', 'view']) {
      await lab.run(files(kind), 'm');
      expect(await lab.rows(comments(kind))).toEqual([["it's m", 'the id']]);
    }
  });

  test('the failures of a test are kept, in a schema and under a name as dbt has them', async () => {
    const files = {
      'models/m.sql': 'select 1 as id union all select 1 union all select 2',
      'models/m.yml':
        'models: [{name: m, columns: [{name: id, tests: [unique: {config: {store_failures: true}}]}]}]',
      'tests/few.sql': "{{ config(store_failures_as='view', severity='warn') }} select * from {{ ref('m') }}",
    };
    const outcomes = await lab.runAll(files);
    expect(outcomes.get('check/unique_m_id')?.check).toMatchObject({ passed: false, failures: 1 });
    expect(await lab.rows('select * from lab_dbt_test__audit.unique_m_id')).toEqual([[1, 2]]);
    expect(await lab.relations('lab_dbt_test__audit')).toEqual(['few view', 'unique_m_id table']);
    await lab.run(files, 'check/unique_m_id');
    await lab.execute('drop schema lab_dbt_test__audit cascade');
  });
});

describe('on postgres', () => {
  const lab = laboratory('postgres');

  test('grants are those that are configured, of every materialization, and of nobody else', async () => {
    await lab.execute('drop role if exists lab_reader');
    await lab.execute('create role lab_reader');
    const files = (materialized: string, grants: string): Files => ({
      'dbt_project.yml': 'name: shop\nmodels: { +grants: { select: [public] } }\n',
      'macros/own.sql': `{% materialization own, default %}
        {% set target = this.incorporate(type='table') %}
        {% set old = load_relation(this) %}
        {% if old is none %}{% call statement('main') %}create table {{ target }} as {{ sql }}{% endcall %}
        {% else %}{% call statement('main') %}select 1{% endcall %}{% endif %}
        {% do apply_grants(target, config.get('grants'), should_revoke(old, full_refresh_mode=False)) %}
        {{ return({'relations': [target]}) }}{% endmaterialization %}`,
      'models/m.sql': `{{ config(materialized='${materialized}', grants=${grants}) }} select 1 as id`,
    });
    const privileges = (): Promise<unknown[][]> =>
      lab.rows(`select lower(privilege_type), lower(grantee) from information_schema.role_table_grants
        where table_schema = 'lab' and grantee <> current_role order by 1, 2`);
    for (const materialized of ['table', 'view', 'incremental', 'own']) {
      await lab.run(files(materialized, "{'+select': 'lab_reader', 'insert': 'lab_reader'}"), 'm');
      expect(await privileges(), materialized).toEqual([
        ['insert', 'lab_reader'],
        ['select', 'lab_reader'],
        ['select', 'public'],
      ]);
      await lab.run(files(materialized, "{'insert': []}"), 'm');
      expect(await privileges(), materialized).toEqual([['select', 'public']]);
      await lab.execute(`drop ${materialized === 'view' ? 'view' : 'table'} lab.m`);
    }
    await lab.execute('drop role lab_reader');
  });

  test('grants and indexes are made with the relation', async () => {
    const files = {
      'models/m.sql':
        "{{ config(materialized='table', grants={'select': ['public']}, indexes=[{'columns': ['id'], 'unique': true}]) }} select 1 as id",
    };
    await lab.run(files, 'm');
    await lab.run(files, 'm');
    const privileges =
      "select privilege_type from information_schema.table_privileges where table_schema = 'lab' and grantee = 'PUBLIC'";
    expect(await lab.rows(privileges)).toEqual([['SELECT']]);
    const indexes = "select count(*) from pg_indexes where schemaname = 'lab' and indexdef like '%UNIQUE%'";
    expect(await lab.rows(indexes)).toEqual([[1]]);
  });
});

test('DuckDB, which has no grants, builds without those that are configured', async () => {
  const { runNode, openDuckdb } = await import('./testing/transform-runner.fixture.ts');
  const { readFiles } = await import('./testing/temporary-project.fixture.ts');
  const project = await readFiles({
    'models/m.sql': "\n{{ config(materialized='table', grants={'select': ['a']}) }} select 1 as id",
  });
  const connection = await openDuckdb();
  await expect(runNode(project, connection, 'm')).resolves.toMatchObject({ rows: 1 });
  await connection.close();
});

test('long names of tables of failures end in a hash', async () => {
  const { shortTestName } = await import('./manifest/generic-test-name.ts');
  expect(shortTestName('unique_m_id')).toBe('unique_m_id');
  expect(shortTestName('x'.repeat(64))).toMatch(/^x{30}_[0-9a-f]{32}$/);
});
