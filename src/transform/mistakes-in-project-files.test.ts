import { expect, test } from 'vitest';
import { type Files, mistakesOf } from './testing/temporary-project.fixture.ts';

const one = { 'models/orders.sql': 'select 1 as id' };
const project = (text: string): Files => ({ ...one, 'dbt_project.yml': text });

/** A mistake, the place that is named, the beginning of what is said, and the files. */
const cases: readonly (readonly [string, string, string, Files])[] = [
  [
    'project without name',
    'dbt_project.yml:1',
    '"name": Invalid input: expected string,',
    project('version: "1"\n'),
  ],
  [
    'project name with dash',
    'dbt_project.yml:1',
    '"name": must be letters, digits and underscores',
    project('name: my-shop\n'),
  ],
  [
    'project unknown key',
    'dbt_project.yml:2',
    'unknown key "model-path"; did you mean',
    project('name: shop\nmodel-path: [x]\n'),
  ],
  [
    'project tree unknown config',
    'dbt_project.yml:4',
    'unknown configuration "materialised"; did you',
    project('name: shop\nmodels:\n  shop:\n    +materialised: table\n'),
  ],
  [
    'project vars list',
    'dbt_project.yml:2',
    '"vars": Invalid input: expected record,',
    project('name: shop\nvars: [a]\n'),
  ],
  [
    'project hook broken',
    'dbt_project.yml:2',
    "Unexpected '}', expected ')'",
    project('name: shop\non-run-start: "{{ broken( }}"\n'),
  ],
  [
    'project dispatch',
    'dbt_project.yml:2',
    '"dispatch": Invalid input: expected array,',
    project('name: shop\ndispatch: {macro_namespace: x}\n'),
  ],
  [
    'project quoting',
    'dbt_project.yml:2',
    '"quoting.identifier": Invalid input: expected',
    project('name: shop\nquoting: {identifier: maybe}\n'),
  ],
  ['project template', 'dbt_project.yml:1', "'nobody' is undefined", project('name: "{{ nobody }}"\n')],
  [
    'package missing',
    'packages.yml:2',
    'the package "a/b" is not in',
    { ...one, 'packages.yml': 'packages:\n  - package: a/b\n    version: 1.0.0\n' },
  ],
  [
    'package without version',
    'packages.yml:2',
    'the package "a/b" is not in',
    { ...one, 'packages.yml': 'packages:\n  - package: a/b\n' },
  ],
  [
    'package unknown key',
    'packages.yml:2',
    '"packages.0": Invalid input',
    { ...one, 'packages.yml': 'packages:\n  - pakage: a/b\n' },
  ],
  [
    'package local missing',
    'packages.yml:2',
    'there is no dbt project in the local package',
    { ...one, 'packages.yml': 'packages:\n  - local: ../nowhere\n' },
  ],
  [
    'packages list',
    'packages.yml:1',
    'the file: Invalid input: expected object,',
    { ...one, 'packages.yml': '- package: a/b\n' },
  ],
  [
    'package broken inside',
    'inner/models/x.sql:2',
    'ref("nobody"): there is no such model or seed',
    {
      ...one,
      'packages.yml': 'packages:\n  - local: inner\n',
      'inner/dbt_project.yml': 'name: inner\n',
      'inner/models/x.sql': "select\n{{ ref('nobody') }}",
    },
  ],
  [
    'package of same name',
    'inner/dbt_project.yml:1',
    'two packages are named "shop"; the other is',
    { ...one, 'packages.yml': 'packages:\n  - local: inner\n', 'inner/dbt_project.yml': 'name: shop\n' },
  ],
];

test.each(cases)('in files of the project: %s', async (_, place, says, files) => {
  const mistakes = await mistakesOf(files);
  const [first = ''] = mistakes;
  expect(first.startsWith(`transform/${place}`), first).toBe(true);
  expect(first).toContain(says);
  for (const mistake of mistakes) expect(mistake).toMatch(/^transform\/[^:]+:\d+/);
});
