import { describe, expect, test } from 'vitest';
import { plainArguments } from './context/run-arguments.ts';
import { withQueryComment } from './query-comment.ts';
import { laboratory, systems } from './testing/laboratory.fixture.ts';
import { readFiles } from './testing/temporary-project.fixture.ts';

test.each<[string, string]>([
  ['"by {{ target.name }} for {{ node.name }} */"', '/* by dev for m * / */\nselect 1'],
  ['{ comment: "{{ note() }}", append: true }', 'select 1\n/* noted */'],
  ['""', 'select 1'],
  ['null', 'select 1'],
])('query-comment: %s', async (comment, expected) => {
  const project = await readFiles({
    'dbt_project.yml': `name: shop\nquery-comment: ${comment}\n`,
    'macros/note.sql': '{% macro note() %}noted{% endmacro %}',
    'models/m.sql': 'select 1',
  });
  const node = project.manifest.byKey.get('m');
  if (!node) throw new Error('the project has no model m');
  expect(withQueryComment(project, node, { sql: 'select 1', parts: [] }, plainArguments).sql).toBe(expected);
});

describe.each(systems)('on %s', (dialectName) => {
  const lab = laboratory(dialectName);

  test('a comment before the statement does not move the place of a mistake', async () => {
    const files = {
      'dbt_project.yml': 'name: shop\nquery-comment: "from {{ node.unique_id }}"\n',
      'models/m.sql': '\nselect 1 as a,\n  nothing_there\n',
    };
    await expect(lab.run(files, 'm')).rejects.toMatchObject({
      origin: { file: 'transform/models/m.sql', line: 3 },
    });
    await lab.run({ ...files, 'models/m.sql': 'select 1 as a' }, 'm');
    expect(await lab.rows('select a from lab.m')).toEqual([[1]]);
  });
});
