import { describe, expect, test } from 'vitest';
import { laboratory, systems } from './testing/laboratory.fixture.ts';
import { explainTransform } from './index.ts';
import { mistakesOf, readFiles } from './testing/temporary-project.fixture.ts';

describe.each(systems)('macros of the project on %s', (dialectName) => {
  const lab = laboratory(dialectName);

  test('make the statements that create tables and views', async () => {
    const files = {
      'macros/create.sql': [
        `{% macro ${dialectName}__create_table_as(temporary, relation, sql) %}create table {{ relation }} as select *, 'mine' as maker from ({{ sql }}) as q{% endmacro %}`,
        "{% macro create_view_as(relation, sql) %}create view {{ relation }} as select *, 'mine too' as maker from ({{ sql }}) as q{% endmacro %}",
      ].join('\n'),
      'models/t.sql': "{{ config(materialized='table') }} select 1 as id",
      'models/v.sql': 'select 2 as id',
    };
    await lab.runAll(files);
    expect(await lab.rows('select id, maker from lab.t union all select id, maker from lab.v')).toEqual([
      [1, 'mine'],
      [2, 'mine too'],
    ]);
  });

  test('add the rows of an incremental model by a strategy of their own', async () => {
    const files = (n: number): Record<string, string> => ({
      'macros/strategy.sql':
        "{% macro get_incremental_twice_sql(arg_dict) %}insert into {{ arg_dict['target_relation'] }} ({{ arg_dict['dest_columns'] | map(attribute='name') | join(', ') }}) select n * 2 from {{ arg_dict['temp_relation'] }}{% endmacro %}",
      'models/m.sql': `{{ config(materialized='incremental', incremental_strategy='twice') }} select ${n} as n`,
    });
    await lab.run(files(1), 'm');
    await lab.run(files(5), 'm');
    expect(await lab.rows('select n from lab.m order by n')).toEqual([[1], [10]]);
  });

  test('narrow what tests look at, and say what is incremental', async () => {
    const files = {
      'macros/m.sql': [
        '{% macro get_where_subquery(relation) %}{% do return("(select * from " ~ relation ~ " where id > 1) as narrowed") %}{% endmacro %}',
        '{% macro is_incremental() %}{{ return(true) }}{% endmacro %}',
      ].join('\n'),
      'models/m.sql':
        'select 1 as id union all select 1 as id {% if is_incremental() %} union all select 7 as id {% endif %}',
      'models/m.yml': 'models: [{ name: m, columns: [{ name: id, data_tests: [unique] }] }]\n',
    };
    const outcomes = await lab.runAll(files);
    expect(outcomes.get('check/unique_m_id')?.check).toMatchObject({ passed: true });
    expect(await lab.rows('select id from lab.m order by id')).toEqual([[1], [1], [7]]);
  });
});

test('a rule for names that is called with less than dbt gives it', async () => {
  const files = {
    'macros/names.sql':
      "{% macro default__generate_schema_name(custom_schema_name, node) %}{{ custom_schema_name or 'none' }}_{{ node.resource_type is defined }}{% endmacro %}",
    'models/m.sql': 'select \'{{ generate_schema_name(custom_schema_name="raw") }}\' as s',
  };
  const project = await readFiles(files);
  const [model] = project.nodes;
  expect(model?.relation?.schema).toBe('none_True');
  expect(explainTransform(project, model?.key ?? '')).toContain("'raw_False'");
});

test('a strategy that nobody knows, and another database', async () => {
  const model = "{{ config(materialized='incremental', incremental_strategy='thrice') }} select 1 as n";
  expect(await mistakesOf({ 'models/m.sql': model })).toEqual([
    expect.stringMatching(/m\.sql:1:.*there is no macro get_incremental_thrice_sql/),
  ]);
  const macro = '{% macro generate_database_name(custom_database_name, node) %}elsewhere{% endmacro %}';
  const files = { 'macros/d.sql': macro, 'models/m.sql': 'select 1 as n' };
  expect(await mistakesOf(files, { dialectName: 'postgres' })).toEqual([
    expect.stringContaining('to be built in the database "elsewhere"'),
  ]);
  const project = await readFiles(files);
  expect(project.manifest.byKey.get('m')).toMatchObject({ relation: { database: 'elsewhere' } });
});
