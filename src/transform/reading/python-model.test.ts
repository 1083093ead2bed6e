import { describe, expect, test } from 'vitest';
import { manifestArtifact } from '../artifacts/manifest-artifact.ts';
import { openDuckdb, runNode } from '../testing/transform-runner.fixture.ts';
import { readFiles } from '../testing/temporary-project.fixture.ts';
import { pythonTemplate } from './python-model.ts';

describe('the calls of a Python model', () => {
  test('are made on their lines, whatever their arguments hold', () => {
    const code = `def model(dbt, session):
    dbt.config(materialized="incremental", packages=["a)", 'b'], meta={"x": (1, 2)})
    orders = dbt.ref("orders", v=2)  # dbt.ref("no")
    return dbt.source('raw',
        "items")
`;
    expect(pythonTemplate(code)).toBe(
      `\n{{ config(materialized="incremental", packages=["a)", 'b'], meta={"x": (1, 2)}) }}\n{{ ref("orders", v=2) }}\n{{ source('raw', "items") }}`,
    );
  });

  test('make a table unless they say something else', () => {
    expect(pythonTemplate('def model(dbt, s):\n  return dbt.ref("a")')).toBe(
      `{{ config(materialized='table') }}\n{{ ref("a") }}`,
    );
  });
});

const files = {
  'models/a.sql': 'select 1 as id',
  'models/p.py': 'def model(dbt, session):\n    return dbt.ref("a").df()\n',
  'models/after.sql': "select * from {{ ref('p') }}",
};

test('a project of dbt’s knows them, and building one says who can', async () => {
  const project = await readFiles(files, { toleratesUndefined: true });
  const { nodes } = manifestArtifact({
    manifest: project.manifest,
    invocation: { id: '', atMs: 0, environment: {} },
    root: '/',
  });
  expect(nodes['model.shop.p']).toMatchObject({
    language: 'python',
    raw_code: files['models/p.py'].trim(),
    config: { materialized: 'table' },
    depends_on: { nodes: ['model.shop.a'] },
  });
  expect(nodes['model.shop.after']?.depends_on?.nodes).toEqual(['model.shop.p']);
  const connection = await openDuckdb();
  await expect(runNode(project, connection, 'p')).rejects.toMatchObject({
    code: 'python_model',
    next: expect.stringContaining('--executor dbt'),
  });
  await connection.close();
});

test('elsewhere they are a mistake that names the ways out', async () => {
  await expect(readFiles(files)).rejects.toThrow(/p\.py.*write the model in SQL, or let dbt build/);
});
