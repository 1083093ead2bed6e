import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { millrace, millraceJson } from '../support/millrace-command.ts';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-model-partitions-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function project(meta: string, strategy = 'microbatch'): Promise<void> {
  const config = `materialized='incremental', incremental_strategy='${strategy}', event_time='happened', batch_size='day', begin='2024-01-01'`;
  const files = {
    'millrace.config.ts': `export default { name: 'shop', warehouse: 'WAREHOUSE' };\n`,
    'connections.yaml': 'connections: { WAREHOUSE: { type: duckdb, path: warehouse.duckdb } }\n',
    'transform/dbt_project.yml': 'name: shop\nversion: "1"\nprofile: shop\n',
    'transform/models/raw.sql': `{{ config(materialized='table', event_time='happened') }}
      select timestamp '2024-01-01' + interval (i) hour as happened, i from range(0, 240) as hours(i)\n`,
    'transform/models/daily.sql': `{{ config(${config}, unique_key='i', meta=${meta}) }}
      select happened, i from {{ ref('raw') }}\n`,
    'transform/models/total.sql': `select count(*) as n, min(happened)::date as first, max(happened)::date as last from {{ ref('daily') }}\n`,
  };
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
  }
}

interface Status {
  readonly succeeded: { readonly text: string };
  readonly stale: { readonly text: string };
}

const status = (): Promise<Status> => millraceJson(['partitions', 'daily'], { cwd: folder });

test('a microbatch model is made partition by partition, and backfilled by its batches', async () => {
  await project(`{'millrace': {'partitions': true}}`);
  const ran = await millrace(['run', 'raw', 'daily', '--partition', '2024-01-02'], { cwd: folder });
  expect(ran.code, ran.stdout + ran.stderr).toBe(0);
  const filled = await millrace(['backfill', 'daily+', '--partition', '2024-01-04..2024-01-06'], {
    cwd: folder,
  });
  expect(filled.code, filled.stdout + filled.stderr).toBe(0);
  expect(filled.stderr).toContain('daily@2024-01-04..2024-01-06');
  expect((await status()).succeeded.text).toBe('2024-01-02,2024-01-04..2024-01-06');
  const { rows } = await millraceJson<{ readonly rows: readonly unknown[] }>(['sql', 'select * from total'], {
    cwd: folder,
  });
  expect(JSON.stringify(rows)).toMatch(/96.*2024-01-02.*2024-01-06/);
  await millrace(['run', 'raw'], { cwd: folder });
  expect((await status()).stale.text).toBe('2024-01-02,2024-01-04..2024-01-06');
}, 60_000);

test('another model that says so is told with its place', async () => {
  await project(`{'millrace': {'partitions': true}}`, 'merge');
  const checked = await millrace(['check'], { cwd: folder });
  expect(checked.code).not.toBe(0);
  expect(checked.stdout + checked.stderr).toMatch(/models\/daily\.sql.*daily cannot have partitions/);
});
