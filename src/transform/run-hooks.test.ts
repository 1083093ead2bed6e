import { describe, expect, test } from 'vitest';
import { contextOf, parseTemplate, renderSync } from './jinja/index.ts';
import { runResults } from './run-results.ts';
import type { Step } from './step.ts';
import { mistakesOf, readFiles } from './testing/temporary-project.fixture.ts';
import { laboratory, systems } from './testing/laboratory.fixture.ts';

describe.each(systems)('on %s', (dialectName) => {
  const lab = laboratory(dialectName);
  const files = {
    'dbt_project.yml': [
      'name: shop',
      'on-run-start:',
      '  - "create table if not exists {{ target.schema }}.journal (said varchar)"',
      '  - "{{ note(\'start\') }}"',
      'on-run-end: "{% if execute %}{{ note(schemas | join) }}{% endif %}"',
    ].join('\n'),
    'macros/note.sql': "{% macro note(x) %}insert into lab.journal values ('{{ x }}'){% endmacro %}",
    'models/a.sql': "{{ config(materialized='table') }} select count(*) as n from lab.journal",
    'models/b.sql': 'select 1 as x',
  };

  test('the beginning comes once and first, the end last', async () => {
    const project = await lab.read(files);
    expect(project.nodes.find((node) => node.key === 'task/on_run_end')?.edges).toHaveLength(2);
    await lab.runAll(files);
    expect(await lab.rows('select n from lab.a')).toEqual([[1]]);
    expect(await lab.rows('select said, count(*) from lab.journal group by said order by said')).toEqual([
      ['lab', 1],
      ['start', 1],
    ]);
  });

  test('what a hook gets wrong is told at its line', async () => {
    const broken = { ...files, 'dbt_project.yml': 'name: shop\non-run-start:\n  - select nothing_there\n' };
    await expect(lab.run(broken, 'b')).rejects.toMatchObject({
      origin: { file: 'transform/dbt_project.yml', line: 3 },
    });
  });
});

test('a hook that cannot be read is a mistake of the project', async () => {
  expect(await mistakesOf({ 'dbt_project.yml': 'name: shop\non-run-end:\n  - "{% if %}"\n' })).toEqual([
    expect.stringMatching(/^transform\/dbt_project\.yml:3:/),
  ]);
});

test('results have nodes whose configuration is None where nothing is configured, and times', async () => {
  const project = await readFiles({ 'models/a.sql': "{{ config(tags=['x']) }} select 1 as x" });
  const upstream = [{ key: 'a', state: 'succeeded', outcome: {}, failure: undefined }];
  const step = {
    project,
    context: { upstream: () => Promise.resolve(upstream) },
    timings: new Map([['a', { startedAtMs: 0, endedAtMs: 1500 }]]),
  } as unknown as Step;
  const template = parseTemplate(
    '{% for r in results %}{{ [r.node.config.full_refresh, r.node.config.get("y", 3), r.node.config["tags"], r.node.alias] }} ' +
      '{{ r.status }} {{ r.execution_time }} {{ (r.timing | selectattr("name", "eq", "execute") | first).completed_at }}{% endfor %}',
    'end.sql',
  );
  expect(renderSync(template, contextOf({ results: await runResults(step) }))).toBe(
    "[None, 3, ['x'], 'a'] success 1.5 1970-01-01 00:00:01.500000",
  );
});
