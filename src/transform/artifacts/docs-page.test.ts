import { expect, test } from 'vitest';
import { readFiles } from '../testing/temporary-project.fixture.ts';
import { docsPage } from './docs-page.ts';
import { manifestArtifact } from './manifest-artifact.ts';

test('one page has descriptions, columns, tests, lineage and SQL, and cannot be left by what is described', async () => {
  const { manifest } = await readFiles({
    'models/a.sql': 'select 1 as id, 2 as more',
    'models/b.sql': "select * from {{ ref('a') }}",
    'models/schema.yml': `models:
  - { name: a, description: "</script><b>A</b>", columns: [{ name: ID, description: key, data_tests: [unique] }] }`,
  });
  const artifact = manifestArtifact({
    manifest,
    invocation: { id: '', atMs: 0, environment: {} },
    root: '/',
  });
  const columns = {
    id: { name: 'id', type: 'INTEGER' },
    more: { name: 'more', type: 'BIGINT', comment: 'x' },
  };
  const page = docsPage(artifact, { nodes: { 'model.shop.a': { columns } }, sources: {} });
  const [, data = ''] = /id="resources">([\s\S]*?)<\/script>/.exec(page) ?? [];
  expect(JSON.parse(data)).toEqual([
    expect.objectContaining({
      id: 'model.shop.a',
      description: '</script><b>A</b>',
      columns: [
        { name: 'ID', type: 'INTEGER', description: 'key' },
        { name: 'more', type: 'BIGINT', description: 'x' },
      ],
      tests: ['unique_a_ID'],
      children: ['model.shop.b'],
      sql: 'select 1 as id, 2 as more',
    }),
    expect.objectContaining({ id: 'model.shop.b', parents: ['model.shop.a'] }),
  ]);
  expect(page.match(/<script/g)).toHaveLength(2);
});
