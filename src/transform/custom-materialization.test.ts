import { describe, expect, test } from 'vitest';
import { laboratory, systems } from './testing/laboratory.fixture.ts';

const replace = `{% materialization NAME, ADAPTER %}
  {%- set target = this.incorporate(type='table') -%}
  {%- set beside = make_intermediate_relation(target) -%}
  {{ run_hooks(pre_hooks, inside_transaction=True) }}
  {% do adapter.drop_relation(beside) %}
  {% call statement('main') -%}{{ get_create_table_as_sql(False, beside, sql) }}{%- endcall %}
  {% set old = load_cached_relation(this) %}
  {{ drop_relation_if_exists(old) }}
  {{ adapter.rename_relation(beside, target) }}
  {% call statement('mark') -%}insert into {{ target }} select {{ config.require('mark') }}{%- endcall %}
  {{ run_hooks(post_hooks, inside_transaction=True) }}
  {{ adapter.commit() }}
  {{ return({'relations': [target]}) }}
{% endmaterialization %}`;
const as = (name: string, adapter = 'default'): string =>
  replace.replace('NAME', name).replace('ADAPTER', adapter);
const config = 'materialized=\'marked\', mark=9, post_hook="insert into {{ this }} values (5)"';

describe.each(systems)('on %s', (dialectName) => {
  const lab = laboratory(dialectName);

  test('a materialization of the project builds, hooks included, and builds again', async () => {
    const files = { 'macros/m.sql': as('marked'), 'models/a.sql': `{{ config(${config}) }} select 1 as x` };
    for (const _ of [1, 2]) {
      const outcome = await lab.run(files, 'a');
      expect(outcome.metadata).toMatchObject({ materialization: 'marked' });
      expect(outcome.columns?.map((column) => column.name)).toEqual(['x']);
      expect(await lab.rows('select x from lab.a order by x')).toEqual([[1], [5], [9]]);
    }
    expect(await lab.relations()).toEqual(['a table']);
  });

  test('one for the database goes before the default one, the project’s table before dbt’s', async () => {
    const files = {
      'macros/m.sql': `${as('table', `adapter='${dialectName}'`)}\n{% materialization table, default %}{{ exceptions.raise_compiler_error('not me') }}{% endmaterialization %}`,
      'models/a.sql': "{{ config(materialized='table', mark=3) }} select 1 as x",
      'models/b.sql': "{{ config(materialized='view') }} select * from {{ ref('a') }}",
    };
    await lab.runAll(files);
    expect(await lab.rows('select x from lab.b order by x')).toEqual([[1], [3]]);
  });

  test('an error within leaves what was there, and tells the macro', async () => {
    const files = { 'macros/m.sql': as('marked'), 'models/a.sql': `{{ config(${config}) }} select 1 as x` };
    await lab.run(files, 'a');
    const broken = { ...files, 'models/a.sql': "{{ config(materialized='marked') }} select 2 as x" };
    await expect(lab.run(broken, 'a')).rejects.toThrow('the configuration "mark" is required');
    expect(await lab.rows('select x from lab.a order by x')).toEqual([[1], [5], [9]]);
  });
});
