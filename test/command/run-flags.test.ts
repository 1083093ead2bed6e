import { readFile } from 'node:fs/promises';
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { millrace, millraceJson, startMillrace, type CommandResult } from '../support/millrace-command.ts';
import { newProject, type NewProject } from '../support/new-project.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres-database.ts';

const main = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));
let project: NewProject;
let database: TestDatabase;

beforeAll(async () => {
  project = await newProject();
  database = await createTestDatabase();
  await database.query(`create table public.orders as
    select g as id, ' Ada ' as name, date '2024-01-01' + g as day from generate_series(1, 10) g`);
});
afterAll(async () => {
  await project.remove();
  await database.drop();
});

const here = (env: Record<string, string> = {}) => ({
  cwd: project.folder,
  env: { SHOP: database.url, ...env },
});
const load = (...flags: string[]): string[] => ['run', '--src-conn', 'SHOP', '--src-stream', 'public.orders', '--tgt-conn', 'SHOP', ...flags]; // prettier-ignore

async function loaded(flags: readonly string[], env: Record<string, string> = {}): Promise<CommandResult> {
  const result = await millrace(flags, here(env));
  if (result.code !== 0) throw new Error(`${result.stdout}\n${result.stderr}`);
  return result;
}

async function pipedInto(
  table: string,
  text: string | Buffer,
  ...flags: readonly string[]
): Promise<{ readonly code: number | null; readonly out: string }> {
  const args = ['--conditions=@millrace/source', main, 'run', '--tgt-conn', 'SHOP', '--tgt-object', table];
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [...args, ...flags], {
      ...here(),
      env: { ...process.env, SHOP: database.url },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    let out = '';
    child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (out += chunk.toString()));
    child.on('close', (code) => resolve({ code, out }));
    child.stdin.end(text);
  });
}

async function ids(table: string): Promise<unknown[]> {
  return (await database.query(`select id from ${table} order by id`)).map(({ id }) => id);
}

describe('flags of a single stream', () => {
  test('--range of a backfill takes both ends, and one end may be open', async () => {
    const keys = ['--tgt-object', 'raw.days', '--primary-key', 'id', '--update-key', 'day', '-m', 'backfill'];
    await loaded([...load(...keys), '--range', '2024-01-03,2024-01-05']);
    expect(await ids('raw.days')).toEqual([2, 3, 4]);
    await loaded([...load(...keys), '--range', '2024-01-10,']);
    expect(await ids('raw.days')).toEqual([2, 3, 4, 9, 10]);
    expect(await millrace([...load(...keys), '--range', 'yesterday'], here())).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/command line: the range 'yesterday'/),
    });
  });

  test('columns, transforms, select, where and options in YAML or JSON', async () => {
    await loaded([
      ...load('--tgt-object', 'raw.shaped', '--select', 'id, name', '--where', 'id > 8'),
      ...['--columns', '{id: bigint}', '--transforms', '{name: [trim_space, upper]}'],
      ...['--tgt-options', '{"column_casing": "upper"}', '--src-options', 'limit: 1'],
    ]);
    expect(await database.query('select * from raw.shaped')).toEqual([{ ID: '9', NAME: 'ADA' }]);
  });

  test('connections are URLs, and the password is nowhere', async () => {
    const url = new URL(database.url);
    const flags = ['run', '--src-conn', url.href, '--src-stream', 'select 1 as id', '--tgt-conn', url.href, '--tgt-object', 'raw.inline']; // prettier-ignore
    const { stdout, stderr } = await loaded([...flags, '--json', '-d']);
    expect(await ids('raw.inline')).toEqual([1]);
    expect(stdout + stderr).not.toContain(`:${url.password}@`);
  });

  test('a query in a file, and the task of -c', async () => {
    await project.write('few.sql', 'select id from public.orders where id <= 2');
    const task =
      '{source: {conn: SHOP, stream: "file://few.sql"}, target: {conn: SHOP, object: raw.few}, mode: full-refresh}';
    await loaded(['run', '-c', task]);
    expect(await ids('raw.few')).toEqual([1, 2]);
    expect(await millrace(['run', '-c', '{source: {con: A}}'], here())).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("unknown key 'con'"),
    });
  });

  test('flags that contradict each other or name nothing known are refused', async () => {
    const refused = async (...flags: string[]): Promise<string> => {
      const { code, stderr } = await millrace(flags, here());
      expect(code).toBe(2);
      return stderr;
    };
    expect(await refused(...load('--tgt-object', 'raw.x', '--src-options', '{delimitr: x}'))).toMatch(
      /did you mean 'delimiter'/,
    );
    expect(await refused(...load('--tgt-object', 'raw.x', '--src-options', '[1'))).toMatch(
      /--src-options: it is neither/,
    );
    expect(await refused(...load('--tgt-object', 'raw.x', '-m', 'increment'))).toMatch(
      /did you mean 'incremental'/,
    );
    expect(await refused('run', '--mode', 'truncate')).toMatch(/need a replication or a single stream/);
    expect(await refused(...load('--tgt-object', 'raw.x', '-r', 'r.yaml'))).toMatch(
      /cannot be used together/,
    );
    expect(await refused(...load('--stdout'))).toMatch(/cannot be used together/);
  });
});

describe('files and pipes', () => {
  test('files need no connection', async () => {
    await project.write('in.csv', 'id;price\n1;2,5\n');
    await loaded([
      'run',
      '--src-stream',
      'file://in.csv',
      '--src-options',
      '{delimiter: ";"}',
      '--tgt-object',
      'file://out.jsonl',
    ]);
    expect(await readFile(join(project.folder, 'out.jsonl'), 'utf8')).toBe('{"id":1,"price":"2,5"}\n');
  });

  test('what is piped in is loaded, and --stdout holds the rows alone', async () => {
    const piped = await pipedInto('raw.piped', 'id,name\n7,"a, b"\n');
    expect(piped).toMatchObject({ code: 0 });
    const { stdout, stderr } = await loaded([
      'run',
      '--src-conn',
      'SHOP',
      '--src-stream',
      'raw.piped',
      '--stdout',
    ]);
    expect(stdout).toBe('id,name\n7,"a, b"\n');
    expect(stderr).toMatch(/succeeded/);
    const json = await loaded(['run', '--src-conn', 'SHOP', '--src-stream', 'raw.piped', '--stdout', '--tgt-options', 'format: jsonlines']); // prettier-ignore
    expect(json.stdout).toBe('{"id":7,"name":"a, b"}\n');
  });

  test('what is piped in is known by how it begins', async () => {
    expect(await pipedInto('raw.packed', gzipSync('id\n1\n2\n'))).toMatchObject({ code: 0 });
    expect(await ids('raw.packed')).toEqual(['1', '2']);
    const nested = '[{"id": 3, "a": {"b": 1}},\n {"id": 4, "a": {"b": 2}}]';
    expect(await pipedInto('raw.records', nested, '--src-options', 'flatten: true')).toMatchObject({
      code: 0,
    });
    expect(await database.query('select id, a__b from raw.records order by id')).toEqual([
      { id: '3', a__b: '1' },
      { id: '4', a__b: '2' },
    ]);
  });

  test('a connection that is called LOCAL keeps out of the way of pipes', async () => {
    await project.write('mine/.keep', '');
    const yaml = await readFile(join(project.folder, 'connections.yaml'), 'utf8');
    await project.write('connections.yaml', `${yaml}\n  LOCAL: { type: file, path: mine }\n`);
    const { stdout } = await loaded(['run', '--src-conn', 'SHOP', '--src-stream', 'public.orders', '--limit', '1', '--select', 'id', '--stdout']); // prettier-ignore
    await project.write('connections.yaml', yaml);
    expect(stdout).toBe('id\n1\n');
  });
});

describe('replications', () => {
  test('flags win over what the file says, --env fills its variables, a path alone is -r', async () => {
    const text =
      'source: SHOP\ntarget: SHOP\ndefaults: {mode: full-refresh, object: "raw.${WORD}_{stream_table}", where: id < 9}\nstreams: {public.orders: }\n';
    await project.write('elsewhere/r.yaml', text);
    await loaded(['run', 'elsewhere/r.yaml', '--env', '{WORD: some}', '--where', 'id > 8']);
    expect(await ids('raw.some_orders')).toEqual([9, 10]);
    await loaded(['run', '--directory', 'elsewhere', '--env', '{WORD: all}']);
    expect(await ids('raw.all_orders')).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  });

  test('a folder may hold pipelines too, and files and folders may stand by themselves', async () => {
    await project.write(
      'both/load.yaml',
      'source: SHOP\ntarget: SHOP\nstreams: {public.orders: {object: raw.both}}\n',
    );
    await project.write('both/below/say.yaml', 'steps: [{ type: write, to: out/said.txt, content: said }]\n');
    for (const words of [['--directory', 'both'], ['both/'], ['both/below/say.yaml']]) {
      await loaded(['run', ...words]);
      expect(await readFile(join(project.folder, 'out', 'said.txt'), 'utf8')).toBe('said');
      await project.write('out/said.txt', '');
    }
    expect(await ids('raw.both')).toHaveLength(10);
  });

  test('switches in env of a file count when it is run by itself', async () => {
    const text =
      'source: SHOP\ntarget: SHOP\nenv: { SLING_ROW_CNT: 11 }\nstreams: {public.orders: {object: raw.switched}}\n';
    await project.write('switched/r.yaml', text);
    const run = await millrace(['run', '-r', 'switched/r.yaml'], here());
    expect(run).toMatchObject({
      code: 1,
      stdout: expect.stringContaining('SLING_ROW_CNT expects 11') as string,
    });
    expect((await millrace(['run', '-r', 'switched/r.yaml'], here({ SLING_ROW_CNT: '10' }))).code).toBe(0);
  });

  test('nothing in a pipe makes nothing, and is told', async () => {
    const piped = await pipedInto('raw.nothing', '\n', '--mode', 'full-refresh');
    expect(piped).toMatchObject({
      code: 0,
      out: expect.stringContaining('standard input is empty') as string,
    });
    expect(await database.query(`select to_regclass('raw.nothing')::text as found`)).toEqual([
      { found: null },
    ]);
  });

  test('schedules that select nodes of the project say nothing about a file beside it', async () => {
    await project.edit('millrace.config.ts', "select: '*'", "select: 'raw/orders'");
    await project.write(
      'elsewhere/r.yaml',
      'source: SHOP\ntarget: SHOP\nstreams: {public.orders: {mode: full-refresh, object: raw.beside}}\n',
    );
    await project.write('pipelines.elsewhere.yaml', 'steps: [{ type: log, message: hello }]\n');
    await loaded(['run', '-r', 'elsewhere/r.yaml']);
    await loaded(['run', '-p', 'pipelines.elsewhere.yaml']);
    expect(await ids('raw.beside')).toHaveLength(10);
  });

  test('streams of a file of the project are done by the process that holds the warehouse', async () => {
    const text =
      'source: SHOP\ntarget: WAREHOUSE\ndefaults: {mode: full-refresh}\nstreams:\n  public.orders: {object: raw.shop_orders}\n  none.such: {object: raw.none}\n';
    await project.write('replications/shop.yaml', text);
    const dev = startMillrace(['dev', '--port', '0', '--json', '--no-schedules'], here());
    await new Promise((resolve) => dev.child.stdout?.once('data', resolve));
    try {
      const run = await millraceJson<{ steps: { key: string; state: string }[] }>(
        ['run', '-r', 'replications/shop.yaml', '--streams', 'public.orders'],
        here(),
      );
      expect(run.steps).toMatchObject([{ key: 'raw/shop_orders', state: 'succeeded' }]);
      const beside = await millrace(['run', '--src-conn', 'SHOP', '--src-stream', 'public.orders', '--tgt-conn', 'WAREHOUSE', '--tgt-object', 'raw.x'], here({ SLING_RETRIES: '0' })); // prettier-ignore
      expect(beside).toMatchObject({
        code: 3,
        stderr: expect.stringContaining('put the load into replications/'),
      });
    } finally {
      dev.child.kill('SIGTERM');
      await dev.result;
    }
  });
});

describe("Sling's environment variables", () => {
  const flags = load('--tgt-object', 'raw.counted');

  test.each([
    ['SLING_ROW_CNT', '10', 0],
    ['SLING_ROW_CNT', '>10', 1],
    ['SLING_STREAM_CNT', '>=2', 1],
    // Within one database nothing travels.
    ['SLING_TOTAL_BYTES', '0', 0],
    ['SLING_ROW_CNT', 'many', 2],
    ['SLING_STATE', 'SHOP/state', 0],
    ['SLING_PROXY', 'socks5://here', 2],
    ['SLING_ON_CONSTRAINT_FAILURE', 'pass', 2],
    ['SLING_RETRY_DELAY', 'soon', 2],
    ['SLING_TIMEOUT', '0.5', 0],
    ['SLING_TIMEOUT', 'soon', 2],
  ])('%s=%s ends with %i', async (name, value, code) => {
    const result = await millrace(flags, here({ [name]: value }));
    expect(result.code).toBe(code);
    if (code !== 0) expect(result.stdout + result.stderr).toContain(name);
  });

  test('SLING_DRY_RUN prints the plan and loads nothing; SLING_LOGGING=JSON prints JSON', async () => {
    const dry = await loaded(load('--tgt-object', 'raw.dry'), { SLING_DRY_RUN: 'true' });
    expect(dry.stdout).toMatch(/raw\/dry/);
    expect(await database.query(`select to_regclass('raw.dry')::text as found`)).toEqual([{ found: null }]);
    const json = await loaded(flags, { SLING_LOGGING: 'JSON', SLING_THREADS: '2', SLING_TIMEOUT: '5' });
    expect(JSON.parse(json.stdout)).toMatchObject({ state: 'succeeded' });
  });

  test('SLING_RETRIES says how often a step is tried', async () => {
    const lost = ['run', '--src-conn', 'postgres://me@127.0.0.1:1/d', '--src-stream', 'a.b', '--tgt-conn', 'SHOP', '--tgt-object', 'raw.x', '--json']; // prettier-ignore
    const { code, stdout } = await millrace(lost, here({ SLING_RETRIES: '1', SLING_RETRY_DELAY: '0s' }));
    expect(code).toBe(3);
    expect(JSON.parse(stdout)).toMatchObject({ steps: [{ attempt: 2 }] });
  });
});
