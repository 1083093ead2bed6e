import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { millrace, startMillrace } from '../support/millrace-command.ts';
import { newProject, type NewProject } from '../support/new-project.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres-database.ts';

/** Long and odd enough to be in no other text; wrong ones are the same with another beginning. */
const secret = 'sesame-9f2c@71/b4';
const role = `teller_${process.pid}`;
let project: NewProject;
let database: TestDatabase;
let outside: string;

beforeAll(async () => {
  outside = await mkdtemp(join(tmpdir(), 'millrace-secret-'));
  project = await newProject();
  database = await createTestDatabase();
  await database.query(`create role ${role} login password '${secret}'`);
  await database.query('create table public.orders as select 1 as id');
  await database.query(`grant select on public.orders to ${role}`);
  await writeFile(join(outside, 'right'), `${secret}\n`);
  await writeFile(join(outside, 'wrong'), `not-${secret}\n`);
  const { hostname, port, pathname } = new URL(database.url);
  const place = `{type: postgres, host: ${hostname}, port: ${port}, database: ${pathname.slice(1)}, user: ${role}`;
  const declared = [
    `  BY_FILE: ${place}, password: "\${file:${join(outside, 'right')}}"}`,
    `  BY_KEY: ${place}, password_file: ${join(outside, 'right')}}`,
    `  BY_COMMAND: ${place}, password: "\${command:cat ${join(outside, 'right')}}"}`,
    `  BY_URL: "postgres://${role}:\${file:${join(outside, 'right')}}@${hostname}:${port}${pathname}"`,
    `  WRONG: ${place}, password: "\${file:${join(outside, 'wrong')}}"}`,
    `  UNREADABLE: "postgres://${role}:${secret}#@:${hostname}:${port}${pathname}"`,
  ];
  await project.edit('connections.yaml', 'connections:\n', `connections:\n${declared.join('\n')}\n`);
});
afterAll(async () => {
  await project.remove();
  await database.query(`drop owned by ${role}`);
  await database.query(`drop role ${role}`);
  await database.drop();
  await rm(outside, { recursive: true, force: true });
});

const outputs: string[] = [];

async function said(args: readonly string[]): Promise<number | null> {
  const { code, stdout, stderr } = await millrace(args, {
    cwd: project.folder,
    env: { MILLRACE_ALLOW_COMMANDS: 'true', SLING_RETRIES: '0' },
  });
  outputs.push(stdout, stderr);
  return code;
}

const load = (source: string): string[] => ['run', '--src-conn', source, '--src-stream', 'public.orders', '--tgt-conn', 'WAREHOUSE', '--tgt-object', `raw.${source}`]; // prettier-ignore

test('secrets from files, commands and URLs work, and are in no output and in no file of the state', async () => {
  for (const name of ['BY_FILE', 'BY_KEY', 'BY_COMMAND', 'BY_URL']) {
    expect(await said(['connections', 'test', name])).toBe(0);
    expect(await said([...load(name), '--json', '--debug'])).toBe(0);
  }
  expect(await said(['connections', 'list'])).toBe(0);
  expect(await said(['connections', 'list', '--json'])).toBe(0);
  expect(await said(['connections', 'discover', 'BY_FILE', '--columns', '--json'])).toBe(0);
  // What fails repeats what it was given, if anything does.
  expect(await said(['connections', 'test', 'WRONG'])).toBe(2);
  expect(await said(['connections', 'test', 'WRONG', '--json'])).toBe(2);
  expect(await said(['connections', 'test', 'UNREADABLE'])).toBe(2);
  expect(await said([...load('WRONG'), '--debug'])).toBe(2);
  expect(await said([...load('WRONG'), '--json', '--trace'])).toBe(2);
  expect(await said(['connections', 'exec', 'BY_FILE', `select '${secret}'::int`])).not.toBe(0);
  expect(await said([...load('BY_FILE'), '--where', `id = '${secret}'`])).not.toBe(0);
  expect(await said(['connections', 'set', 'NEW', `url=postgres://me:${secret}#@:x`])).toBe(2);
  expect(await said(['check', '--connections'])).not.toBe(0);
  expect(await said(['runs', 'list', '--json'])).toBe(0);
  expect(await said(['runs', 'show', 'last', '--logs', '--json'])).toBe(0);

  const served = await answersOfDev();
  const files = await stateFiles();
  expect(files.map(({ path }) => path).join(' ')).toMatch(/loads\.db/);
  for (const form of [secret, encodeURIComponent(secret)]) {
    for (const output of [...outputs, ...served]) expect(output).not.toContain(form);
    for (const { path, bytes } of files) expect([path, bytes.includes(form)]).toEqual([path, false]);
  }
});

/** What `millrace dev` prints and serves. */
async function answersOfDev(): Promise<readonly string[]> {
  const running = startMillrace(['dev', '--port', '0', '--json'], { cwd: project.folder });
  const line = await new Promise<string>((resolve) => {
    running.child.stdout?.once('data', (chunk: Buffer) => resolve(chunk.toString()));
  });
  const { url } = JSON.parse(line) as { url: string };
  const answers: string[] = [];
  for (const path of ['/', '/api/project', '/api/graph', '/api/runs', '/api/status'])
    answers.push(await (await fetch(`${url}${path}`)).text());
  running.child.kill('SIGTERM');
  const { stdout, stderr } = await running.result;
  return [...answers, stdout, stderr];
}

async function stateFiles(): Promise<readonly { readonly path: string; readonly bytes: Buffer }[]> {
  const folder = join(project.folder, '.millrace');
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return Promise.all(
    entries
      .filter((entry) => entry.isFile())
      .map(async (entry) => {
        const path = join(entry.parentPath, entry.name);
        return { path, bytes: await readFile(path) };
      }),
  );
}
