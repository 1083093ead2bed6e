import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type CommandResult, millrace, startMillrace } from '../support/millrace-command.ts';
import { newProject } from '../support/new-project.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-dbt-'));
  await write(project);
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const project = {
  'dbt_project.yml': 'name: shop\nprofile: shop\nclean-targets: [target]\nvars: { least: 0 }\n',
  'profiles.yml':
    "shop:\n  target: dev\n  outputs:\n    dev: { type: duckdb, path: \"{{ env_var('SHOP_FILE', 'shop.duckdb') }}\", schema: main }\n    prod: { type: duckdb, path: shop.duckdb, schema: prod }\n",
  'seeds/people.csv': 'id,seen\n1,2024-01-01\n2,2024-01-02\n',
  'models/stg.sql': "select id from {{ ref('people') }} where id > {{ var('least') }}",
  'models/mart.sql': "{{ config(materialized='table') }} select count(*) as n from {{ ref('stg') }}",
  'models/schema.yml': `
sources:
  - name: own
    schema: main
    loaded_at_field: cast(seen as timestamp)
    freshness: { warn_after: { count: 1, period: day } }
    tables: [{ name: people }]
models:
  - name: stg
    columns: [{ name: id, data_tests: [unique, not_null] }]
`,
  'macros/note.sql':
    '{% macro note(text) %}{% do run_query("create table note as select \'" ~ text ~ "\' as text") %}{% endmacro %}',
};

async function write(files: Readonly<Record<string, string>>): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
  }
}

function run(...args: readonly string[]): Promise<CommandResult> {
  return millrace(args, { cwd: folder });
}

interface Results {
  readonly results: readonly {
    readonly unique_id: string;
    readonly status: string;
    readonly message: string | null;
  }[];
}

async function artifact<T>(name: string): Promise<T> {
  return JSON.parse(await readFile(join(folder, 'target', name), 'utf8')) as T;
}

async function statuses(): Promise<Readonly<Record<string, string>>> {
  const { results } = await artifact<Results>('run_results.json');
  return Object.fromEntries(
    results.map(({ unique_id: id, status }) => [id.split('.').slice(0, 3).join('.'), status]),
  );
}

describe('a dbt project by itself', () => {
  test('is built and tested, and its artifacts are written', async () => {
    const built = await run('build');
    expect(built.stderr).toBe('');
    expect(built.stdout).toContain('Done. PASS=5 WARN=0 ERROR=0 SKIP=0 TOTAL=5');
    expect(built.code).toBe(0);
    expect(await statuses()).toEqual({
      'seed.shop.people': 'success',
      'model.shop.stg': 'success',
      'model.shop.mart': 'success',
      'test.shop.unique_stg_id': 'pass',
      'test.shop.not_null_stg_id': 'pass',
    });
    expect(await readFile(join(folder, 'target/compiled/shop/models/mart.sql'), 'utf8')).toContain(
      'from "shop"."main"."stg"',
    );
    expect(await readFile(join(folder, 'target/run/shop/models/mart.sql'), 'utf8')).toContain('create table');
    const { nodes } = await artifact<{ nodes: Record<string, { compiled_code?: string }> }>('manifest.json');
    expect(nodes['model.shop.mart']?.compiled_code).toContain('"shop"."main"."stg"');

    const shown = await run('show', '--select', 'mart', '--output', 'json');
    expect(JSON.parse(shown.stdout)).toEqual([{ node: 'mart', show: [{ n: 2 }] }]);
    const inline = await run(
      'show',
      '--inline',
      "select max(id) as id from {{ ref('stg') }}",
      '--output',
      'json',
    );
    expect(JSON.parse(inline.stdout)).toEqual([{ node: 'inline_query', show: [{ id: 2 }] }]);

    expect((await run('docs', 'generate')).code).toBe(0);
    const catalog = await artifact<{ nodes: Record<string, { columns: object }> }>('catalog.json');
    expect(catalog.nodes['model.shop.mart']?.columns).toMatchObject({ n: { type: 'BIGINT', index: 1 } });

    const fresh = await run('source', 'freshness');
    expect(fresh.stdout).toContain('WARN   own.people');
    expect(fresh.code).toBe(0);
    expect(await artifact('sources.json')).toMatchObject({
      results: [
        { unique_id: 'source.shop.own.people', status: 'warn', max_loaded_at: '2024-01-02T00:00:00+00:00' },
      ],
    });
  });

  test('what fails stops what reads it, ends with 1, and is tried again by retry', async () => {
    await write({ 'seeds/people.csv': 'id,seen\n1,2024-01-01\n1,2024-01-02\n' });
    const failed = await run('build');
    expect(failed.code).toBe(1);
    expect(failed.stdout).toContain('Got 1 result, configured to fail if != 0');
    expect(await statuses()).toMatchObject({
      'test.shop.unique_stg_id': 'fail',
      'model.shop.mart': 'skipped',
    });
    await write(project);
    await run('seed', '--full-refresh');
    await run('build', '--exclude', 'people');
    expect((await run('retry')).stdout).toContain('everything of the last run went well');
    await write({ 'models/mart.sql': 'select nothing as n' });
    expect((await run('build', '--select', 'mart')).code).toBe(1);
    await write(project);
    const again = await run('retry');
    expect(again.stdout).toContain('TOTAL=1');
    expect(again.code).toBe(0);
  });

  test('what is selected is listed in every form', async () => {
    expect((await run('ls', '--select', '+mart', '--resource-type', 'model')).stdout).toBe(
      'shop.mart\nshop.stg\n',
    );
    expect((await run('ls', '-s', 'stg+', '--output', 'name')).stdout).toBe(
      ['mart', 'stg', 'not_null_stg_id', 'unique_stg_id', ''].join('\n'),
    );
    expect((await run('ls', '-s', 'mart', '--output', 'path')).stdout).toBe('models/mart.sql\n');
    const json = await run(
      'ls',
      '-s',
      'mart',
      '--output',
      'json',
      '--output-keys',
      'name',
      'config.materialized',
    );
    expect(JSON.parse(json.stdout)).toEqual({ name: 'mart', 'config.materialized': 'table' });
    expect((await run('ls', '-s', 'source:own', '--resource-type', 'source')).stdout).toBe(
      'source:shop.own.people\n',
    );
  });

  test('variables, targets, no rows, and SQL without a run', async () => {
    await run('build');
    await run('build', '--vars', '{least: 1}', '--select', 'mart', 'stg');
    expect(JSON.parse((await run('show', '-s', 'mart', '--output', 'json')).stdout)).toMatchObject([
      { show: [{ n: 1 }] },
    ]);
    const compiled = await run('compile', '--select', 'stg', '--target', 'prod', '--vars', 'least: 7');
    expect(compiled.stdout).toContain('from "shop"."prod"."people" where id > 7');
    expect((await run('build', '--empty', '-s', 'mart')).code).toBe(0);
    expect(await readFile(join(folder, 'target/compiled/shop/models/mart.sql'), 'utf8')).toContain(
      '(select * from "shop"."main"."stg" where false limit 0)',
    );
  });

  test('another environment stands for what is not built here, and can be cloned', async () => {
    await run('build', '--target', 'prod', '--target-path', 'prod_state');
    const alone = await run('build', '--select', 'mart');
    expect(alone.code).toBe(1);
    const compiled = await run('compile', '--select', 'mart', '--defer', '--state', 'prod_state');
    expect(compiled.stdout).toContain('"shop"."prod"."stg"');
    const deferred = await run('build', '--select', 'mart', '--defer', '--state', 'prod_state');
    expect(deferred.code).toBe(0);
    expect(await readFile(join(folder, 'target/compiled/shop/models/mart.sql'), 'utf8')).toContain(
      '"shop"."prod"."stg"',
    );
    const modified = await run('ls', '--select', 'state:modified', '--state', 'prod_state');
    expect(modified.stdout).toBe('');
    const cloned = await run('clone', '--state', 'prod_state');
    expect(cloned.stdout).toContain('Done. 2 of 3 created');
  });

  test('operations, the state of things, and tidying up', async () => {
    expect((await run('run-operation', 'note', '--args', '{text: hello}')).code).toBe(0);
    const note = await run('show', '--inline-direct', 'select text from note', '--output', 'json');
    expect(JSON.parse(note.stdout)).toMatchObject([{ show: [{ text: 'hello' }] }]);
    expect((await run('run-operation', 'nothing')).code).toBe(2);
    expect((await run('debug')).stdout).toContain('✓ connection shop.dev');
    expect((await run('clean')).stdout).toContain('Removed target');
  });

  test('its ledger and state are looked at like those of any project', async () => {
    expect(await run('check')).toMatchObject({ code: 0, stdout: expect.stringContaining('millrace build') });
    await run('build');
    expect((await run('runs', 'list')).stdout).toContain('succeeded');
    expect((await run('runs', 'show', 'last')).stdout).toContain('check/unique_stg_id');
    expect((await run('status')).stdout).toMatch(/mart +current/);
    expect((await run('why', 'mart')).stdout).toContain('mart is current');
  });

  test.each<[string, readonly string[], string]>([
    ['an unknown flag', ['build', '--fool-refresh'], 'unknown option'],
    ['a selection that is none', ['ls', '-s', 'tga:x'], 'is no method of selection'],
    ['variables that are no map', ['parse', '--vars', '[1]'], '--vars is a map'],
    ['a target that is not there', ['parse', '--target', 'prd'], 'did you mean "prod"'],
    ['a profile that is not there', ['parse', '--profile', 'shp'], 'did you mean "shop"'],
    ['a folder without a project', ['parse', '--project-dir', '/'], 'there is no dbt_project.yml'],
    ['half of a stretch of time', ['build', '--event-time-start', '2024-01-01'], 'go together'],
    ['state that is not there', ['build', '--defer', '-s', 'mart'], '--defer needs the artifacts'],
  ])('%s ends with 2', async (_, args, message) => {
    const result = await run(...args);
    expect(result.stderr).toContain(message);
    expect(result.code).toBe(2);
  });
});

test('within a Millrace project the same commands build its models, and the ledger knows of it', async () => {
  const other = await newProject();
  try {
    const here = { cwd: other.folder };
    expect((await millrace(['run'], here)).code).toBe(0);
    const built = await millrace(['build', '--select', 'revenue_by_city'], here);
    expect(built.stdout).toContain('Done. PASS=3 WARN=0 ERROR=0 SKIP=0 TOTAL=3');
    expect(built.code).toBe(0);
    expect((await millrace(['runs'], here)).stdout).toContain('build revenue_by_city');
    expect((await millrace(['parse', '--profile', 'x'], here)).stderr).toContain(
      'connections.yaml instead of profiles',
    );
  } finally {
    await other.remove();
  }
});

test('what a killed process has left is gone on with, and not begun again', async () => {
  const slow = 'select count(*) from range(1000000000000) as t(i) where hash(i) % 7 = 9';
  await write({
    'models/mart.sql': `{{ config(materialized='table', pre_hook="{% if env_var('SHOP_SLOW', '') %}${slow}{% endif %}") }} select count(*) as n from {{ ref('stg') }}`,
  });
  const args = ['build', '--exclude', 'test_type:data'];
  const first = startMillrace(args, { cwd: folder, env: { SHOP_SLOW: 'yes' } });
  const compiled = join(folder, 'target/compiled/shop/models/mart.sql');
  await expect.poll(() => existsSync(compiled), { timeout: 30_000 }).toBe(true);
  first.child.kill('SIGKILL');
  await first.result;
  const second = await run(...args);
  expect(second.stderr).toContain('Continuing run');
  expect(second.stdout).toContain('Done. PASS=3 WARN=0 ERROR=0 SKIP=0 TOTAL=3');
  expect(await statuses()).toMatchObject({ 'seed.shop.people': 'success', 'model.shop.mart': 'success' });
});

test('two commands at once come one after the other, each with its own variables', async () => {
  await run('seed');
  const build = (least: number): Promise<CommandResult> =>
    run(
      'build',
      '-s',
      'stg',
      '--exclude',
      'test_type:data',
      '--vars',
      `{least: ${least}}`,
      '--target-path',
      `t${least}`,
    );
  const results = await Promise.all([build(0), build(1), build(2)]);
  expect(results.map(({ code }) => code)).toEqual([0, 0, 0]);
  for (const least of [0, 1, 2]) {
    const sql = await readFile(join(folder, `t${least}/compiled/shop/models/stg.sql`), 'utf8');
    expect(sql).toContain(`where id > ${least}`);
  }
});

test('what ends a run sees how every step went, whatever part was selected', async () => {
  await write({
    'dbt_project.yml':
      'name: shop\nprofile: shop\nvars: { least: 0 }\non-run-start: create table if not exists said (what varchar)\n' +
      'on-run-end: "{% for r in results %}insert into said values (\'{{ r.node.name }} {{ r.status }} {{ r.failures or 0 }}\');{% endfor %}"\n',
    'seeds/people.csv': 'id,seen\n1,2024-01-01\n1,2024-01-02\n',
  });
  expect((await run('build', '-s', 'people', 'stg', '--store-failures')).code).toBe(1);
  const said = await run('show', '--inline-direct', 'select what from said order by 1', '--output', 'json');
  expect(JSON.parse(said.stdout)).toMatchObject([
    {
      show: [
        { what: 'not_null_stg_id pass 0' },
        { what: 'people success 0' },
        { what: 'stg success 0' },
        { what: 'unique_stg_id fail 1' },
      ],
    },
  ]);
  const kept = 'select n_records from main_dbt_test__audit.unique_stg_id';
  expect(JSON.parse((await run('show', '--inline-direct', kept, '--output', 'json')).stdout)).toMatchObject([
    { show: [{ n_records: 2 }] },
  ]);
});
