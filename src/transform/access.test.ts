import { expect, test } from 'vitest';
import { mistakesOf, readFiles } from './testing/temporary-project.fixture.ts';

const groups = 'groups: [{ name: money, owner: { name: me } }]\n';

test('a private model is read within its group, by its tests too, and by nobody else', async () => {
  const files = {
    'models/own.sql': "{{ config(group='money', access='private') }} select 1 as id",
    'models/peer.sql': "{{ config(group='money') }} select * from {{ ref('own') }}",
    'models/schema.yml': `${groups}models: [{ name: own, columns: [{ name: id, data_tests: [unique] }] }]\n`,
  };
  expect(await mistakesOf(files)).toEqual([]);
  expect(await mistakesOf({ ...files, 'models/other.sql': "select * from {{ ref('own') }}" })).toEqual([
    expect.stringMatching(
      /^transform\/models\/other\.sql:1:.*other reads own, which is private to the group "money"/,
    ),
  ]);
});

test('groups and levels that do not exist', async () => {
  expect(
    await mistakesOf({
      'models/a.sql': "{{ config(group='mony', access='hidden') }} select 1 as id",
      'models/schema.yml': groups,
    }),
  ).toEqual([
    expect.stringMatching(/a\.sql:1:.*there is no group "mony"; did you mean "money"/),
    expect.stringMatching(/a\.sql:1:.*"access" is private, protected, public, not "hidden"/),
  ]);
});

test('versions: the latest is meant where none is said', async () => {
  const files = {
    'models/dim_v1.sql': 'select 1 as id',
    'models/two.sql': 'select 2 as id',
    'models/schema.yml':
      'models: [{ name: dim, latest_version: 1, versions: [{ v: 1 }, { v: 2, defined_in: two }], columns: [{ name: id, data_tests: [unique] }] }]\n',
    'models/a.sql': "select * from {{ ref('dim') }}",
    'models/b.sql': "select * from {{ ref('dim', v=2) }}",
  };
  const { nodes } = await readFiles(files);
  const readsOf = (key: string): readonly string[] | undefined =>
    nodes.find((node) => node.key === key)?.edges.map(({ from }) => from);
  expect(readsOf('a')).toEqual(['dim.v1']);
  expect(readsOf('b')).toEqual(['dim.v2']);
  expect(nodes.find(({ key }) => key === 'dim.v2')?.relation).toMatchObject({ name: 'dim_v2' });
  expect(nodes.filter(({ kind }) => kind === 'check').map(({ key }) => key)).toEqual([
    'check/unique_dim_v1_id',
    'check/unique_dim_v2_id',
  ]);
  expect(await mistakesOf({ ...files, 'models/c.sql': "select * from {{ ref('dim', v=3) }}" })).toEqual([
    expect.stringContaining('ref("dim", v=3): the model has no such version; there are 1, 2'),
  ]);
});
