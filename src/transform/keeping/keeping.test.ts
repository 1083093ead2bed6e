import { createHash } from 'node:crypto';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { deserialize, serialize } from 'node:v8';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { compileNodeSync } from '../compile/compile-node.ts';
import { readingMoment } from '../context/render-scope.ts';
import type { TransformProject } from '../project.ts';
import type { TransformOptions } from '../reading/transform-options.ts';
import { readFiles, temporaryProject, type TemporaryProject } from '../testing/temporary-project.fixture.ts';
import type { ProjectContent } from './kept-content.ts';

const files = {
  'dbt_project.yml':
    "name: shop\nversion: '1.0'\nconfig-version: 2\nvars: { rate: 2 }\nmodels: { shop: { +tags: [\"{{ env_var('TAG', 'none') }}\"] } }\n",
  'macros/cents.sql': '{% macro cents(column) %}{{ column }} / 100{% endmacro %}',
  'models/orders.sql':
    "select {{ cents('amount') }} as amount, {{ var('rate') }} as rate, '{{ target.name }}' as target",
  'models/schema.yml':
    'models: [{ name: orders, description: As written., columns: [{ name: amount, data_tests: [not_null] }] }]',
  'snapshots/kept.sql':
    "{% snapshot kept %}{{ config(unique_key='id', strategy='check', check_cols='all') }}select 1 as id from {{ ref('orders') }}{% endsnapshot %}",
  'tests/few.sql': "select * from {{ ref('orders') }} where amount < 0",
  'seeds/cities.csv': 'id,name\n1,Aarhus\n',
};

let project: TemporaryProject;
let cacheFile: string;
beforeEach(async () => {
  project = await temporaryProject(files);
  cacheFile = join(project.folder, '..', 'parsed');
});
afterEach(() => project.drop());

/** As a new process would: what this one read last is another project. */
async function readAnew(options: Partial<TransformOptions> = {}): Promise<TransformProject> {
  await readFiles({ 'models/other.sql': 'select 1 as one' });
  const read = await project.read({ cacheFile, ...options });
  await nextTurn();
  return read;
}

/** By when what was read is written down. */
const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

const marked = 'Only in what was kept.';

/** Changes what was kept, so that one can see that it is used. */
async function mark(): Promise<void> {
  const bytes = await readFile(cacheFile);
  const end = bytes.indexOf(10);
  const header = JSON.parse(bytes.subarray(0, end).toString()) as Record<string, unknown>;
  const content = deserialize(bytes.subarray(end + 1)) as ProjectContent;
  const node = content.manifest.byId.get('model.shop.orders');
  if (!node) throw new Error('there is no model');
  Object.assign(node, { description: marked });
  const body = serialize(content);
  const digest = createHash('sha256').update(body).digest('hex');
  await writeFile(
    cacheFile,
    Buffer.concat([Buffer.from(`${JSON.stringify({ ...header, digest })}\n`), body]),
  );
}

function described(read: TransformProject): string | undefined {
  return read.manifest.byId.get('model.shop.orders')?.description;
}

const sqlOf = (read: TransformProject): readonly string[] =>
  [...read.manifest.byId.values()].flatMap((node) =>
    node.kind === 'model' || node.kind === 'snapshot' || node.kind === 'test'
      ? [`${node.key}: ${compileNodeSync(read.manifest, node, readingMoment).sql}`]
      : [],
  );

test('another process takes what was kept, and it is the same', async () => {
  const first = await readAnew();
  const second = await readAnew();
  expect(second.nodes).toEqual(first.nodes);
  expect(second.manifest.byId).toEqual(first.manifest.byId);
  expect(second.manifest.names).toEqual(first.manifest.names);
  expect(sqlOf(second)).toEqual(sqlOf(first));
  expect(sqlOf(second).length).toBe(4);
  await mark();
  expect(described(await readAnew())).toBe(marked);
});

test('the same process does not work out again what did not change', async () => {
  const first = await readAnew();
  const second = await project.read({ cacheFile });
  expect(second.manifest.byId).toBe(first.manifest.byId);
  await project.write({ 'models/orders.sql': 'select 2 as amount' });
  const third = await project.read({ cacheFile });
  expect(sqlOf(third)).toContain('orders: select 2 as amount');
});

describe('is read anew after a change of', () => {
  beforeEach(async () => {
    await readAnew();
    await mark();
    expect(described(await readAnew())).toBe(marked);
  });

  test.each<readonly [string, Record<string, string>]>([
    ['a model', { 'models/orders.sql': "select 3 as amount, '{{ cents(1) }}' as x" }],
    ['a macro', { 'macros/cents.sql': '{% macro cents(column) %}{{ column }} / 1000{% endmacro %}' }],
    ['a property file', { 'models/schema.yml': 'models: [{ name: orders, description: As written. }]' }],
    ['a seed', { 'seeds/cities.csv': 'id,name\n1,Aarau\n' }],
    ['a further model', { 'models/further.sql': 'select 1 as one' }],
    [
      'a package',
      { 'packages.yml': 'packages: [{ local: tools }]', 'tools/dbt_project.yml': 'name: tools\n' },
    ],
    ['the datasets', { 'datasets.yml': 'datasets: { d: { folders: [seeds], values: [a] } }' }],
    ['the project file', { 'dbt_project.yml': `${files['dbt_project.yml']}on-run-start: ["select 1"]\n` }],
  ])('%s', async (_, changes) => {
    await project.write(changes);
    expect(described(await readAnew())).toBe('As written.');
  });

  test('a file that is gone', async () => {
    await project.remove('tests/few.sql');
    expect(described(await readAnew())).toBe('As written.');
  });

  test.each<readonly [string, Partial<TransformOptions>]>([
    ['a variable', { vars: { rate: 3 } }],
    ['the target', { targetName: 'prod' }],
    ['the schema', { schema: 'other' }],
    ['a variable of the environment that was asked for', { environment: { TAG: 'daily' } }],
    ["dbt's own variables of the environment", { environment: { DBT_ENV_CUSTOM_ENV_JOB: '1' } }],
  ])('%s', async (_, options) => {
    expect(described(await readAnew(options))).toBe('As written.');
    expect(described(await readAnew())).toBe('As written.');
  });

  test('not after one of the environment that nobody asked for', async () => {
    expect(described(await readAnew({ environment: { SHLVL: '2' } }))).toBe(marked);
  });
});

test('the environment that is read counts, not that of before', async () => {
  const tagsOf = (read: TransformProject): unknown =>
    read.manifest.byId.get('model.shop.orders')?.config.tags;
  expect(tagsOf(await readAnew({ environment: { TAG: 'a' } }))).toEqual(['a']);
  expect(tagsOf(await readAnew({ environment: { TAG: 'b' } }))).toEqual(['b']);
  expect(tagsOf(await readAnew())).toEqual(['none']);
});

test.each([
  ['cut off', (bytes: Buffer) => bytes.subarray(0, bytes.length - 100)],
  ['empty', () => Buffer.alloc(0)],
  ['something else', () => Buffer.from('{"print": 1}\nhello')],
  ['damaged', (bytes: Buffer) => Buffer.concat([bytes.subarray(0, -50), Buffer.alloc(50, 7)])],
])('a file that is %s is read over, and replaced', async (_, damage) => {
  const first = await readAnew();
  await writeFile(cacheFile, damage(await readFile(cacheFile)));
  expect((await readAnew()).nodes).toEqual(first.nodes);
  await mark();
  expect(described(await readAnew())).toBe(marked);
});

test('nothing is kept of what the clock decides, nor of mistakes', async () => {
  const isKept = (): Promise<boolean> =>
    readFile(cacheFile).then(
      () => true,
      () => false,
    );
  await project.write({ 'models/orders.sql': "select '{{ run_started_at }}' as at" });
  await readAnew();
  expect(await isKept()).toBe(false);
  await project.write({
    'models/orders.sql': '{% if modules.datetime.date.today().year > 2000 %}select 1 as one{% endif %}',
  });
  await readAnew();
  expect(await isKept()).toBe(false);
  await project.write({ 'models/orders.sql': "select * from {{ ref('nothing') }}" });
  await expect(readAnew()).rejects.toThrow('nothing');
  await expect(readAnew()).rejects.toThrow('nothing');
  expect(await isKept()).toBe(false);
});

test('a folder that cannot be written is no error', async () => {
  await rm(cacheFile, { force: true });
  const read = await readAnew({ cacheFile: join(project.folder, 'nowhere', 'parsed') });
  expect(described(read)).toBe('As written.');
});
