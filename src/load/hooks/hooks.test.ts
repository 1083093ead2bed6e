import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Connection } from '../../connector/connection.ts';
import { ConfigError } from '../../core/errors.ts';
import type { StepContext } from '../../core/executor.ts';
import type { JsonObject, JsonValue } from '../../core/json.ts';
import { parseDocument } from 'yaml';
import { valueAt, type Scope } from '../expression/expression.ts';
import type { Hook } from '../replication/hook.ts';
import { readHooks } from '../replication/hook-list.ts';
import { withRoutines } from '../replication/routines.ts';
import { runHooks } from './hook-run.ts';
import type { HookEnd } from './hook-end.ts';
import type { HookPlace } from './hook-place.ts';
import { keptOf } from './hook-scope.ts';
import { runScope } from './run-scope.ts';

let folder: string;
let outside: string;
let logged: string[];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-hooks-'));
  outside = await mkdtemp(join(tmpdir(), 'millrace-files-'));
  logged = [];
});
afterEach(async () => {
  await rm(folder, { recursive: true });
  await rm(outside, { recursive: true });
});

function context(signal: AbortSignal = new AbortController().signal): StepContext {
  return {
    runId: 'r1',
    runStartedAtMs: Date.UTC(2026, 1, 3, 14, 5, 6),
    attempt: 1,
    idempotencyKey: 'k',
    options: { fullRefresh: false },
    signal,
    log: (line) => logged.push(line),
    progress: () => undefined,
    checkpoint: undefined,
    saveCheckpoint: async () => undefined,
  };
}

function place(scope: Scope = {}): HookPlace {
  const files: Partial<Connection> = { name: 'DISK', type: 'file', folder: outside };
  return {
    context: context(),
    origin: { file: 'a.yaml', line: 3 },
    services: {
      open: async (name) => {
        if (name === 'DISK') return files as Connection;
        throw new ConfigError(`no ${name}`, { code: 'connection_missing' });
      },
      projectFolder: folder,
      mayRunCommands: false,
      replicate: async () => ({}),
    },
    scope: { ...runScope(context(), 'a.yaml'), env: { TEAM: 'data' }, state: {}, store: {}, ...scope },
    key: 'test',
    retryDelaySeconds: 0,
  };
}

async function run(yaml: string, scope: Scope = {}): Promise<HookEnd> {
  const origin = { file: 'a.yaml' };
  const hooks = readHooks(parseDocument(yaml).toJS(), { where: 'hooks', origin, mayRunCommands: true });
  return runHooks(hooks, place(scope));
}

const project = (path: string): string => join(folder, path);
const state = (end: HookEnd, path: string): unknown => valueAt(end.scope, `state.${path}`);

describe('jq', () => {
  const items = { items: [{ id: 1 }, { id: 2 }] };

  test('answers in conditions, loops and texts', async () => {
    const end = await run(
      `
- { type: check, check: 'jq(store.page, ".items | length")[0] == 2' }
- { type: store, key: ids, value: '{jq(store.page, ".items[].id")}' }
- { type: group, loop: 'jq(store.page, ".items[]")', steps: [
    { type: store, key: 'last', value: 'id {jq(loop.value, ".id")}' }, { type: store, if: 'loop.index == 1', key: at, value: '{loop.index}' } ] }
`,
      { store: { page: items } },
    );
    expect(end.scope['store']).toMatchObject({ ids: [1, 2], last: 'id [2]', at: 1 });
  });

  test('says what is wrong with a filter, and how long a document may be', async () => {
    const asked = (filter: string, page: JsonValue) =>
      run(`[{ type: log, message: '{jq(store.page, "${filter}")}' }]`, { store: { page } });
    await expect(asked('.a[', items)).rejects.toThrow(/syntax error/);
    await expect(asked('.', 'x'.repeat(70_000))).rejects.toThrow(/jmespath\(\) takes longer ones/);
  });
});

test('a group in which something is let pass has a warning', async () => {
  const end = await run(`
- type: group
  id: outer
  steps:
    - { type: group, id: inner, steps: [{ type: check, check: '1 > 2', on_failure: warn }] }
- { type: group, id: calm, steps: [{ type: log, message: a }] }
`);
  expect(end.scope['state']).toMatchObject({
    outer: { status: 'warning' },
    inner: { status: 'warning' },
    calm: { status: 'success' },
  });
});

describe('routines', () => {
  const library = `routines:
  # required_params: [table, "kind"]
  note:
    - { type: store, key: '{params.table}', value: '{params.kind} \${TEAM} {env.N}' }
    - { type: routine, routine: inner, params: { table: other } }
    - { type: store, key: after, value: '{params.table}' }
  inner: [{ type: store, key: inner, value: '{params.table}' }]
  round: [{ type: group, steps: [{ type: routine, routine: round }] }]
`;
  const read = (yaml: string, environment: Readonly<Record<string, string>>): readonly Hook[] => {
    const written = withRoutines(parseDocument(yaml).toJS(), environment, { file: 'a.yaml' });
    return readHooks(written, { where: 'hooks', origin: { file: 'a.yaml' }, mayRunCommands: false });
  };

  test('are steps kept under a name, with params of their own', async () => {
    await writeFile(project('common.yaml'), library);
    await writeFile(project('nightly.yaml'), 'steps: [{ log: no routine }]');
    const environment = { SLING_ROUTINES_DIR: folder, TEAM: 'data' };
    const hooks = read(
      "- { type: routine, id: r, routine: note, params: { table: orders, kind: '{env.TEAM}' }, env: { N: 7 } }",
      environment,
    );
    const { scope } = await runHooks(hooks, place({}));
    expect(scope['store']).toEqual({ orders: 'data data 7', inner: 'other', after: 'orders' });
    expect(scope['state']).toMatchObject({ r: { status: 'success' } });
    expect(scope['params']).toBeUndefined();
    expect(scope['env']).toEqual({ TEAM: 'data' });
  });

  test.each([
    ['- { type: routine, routine: note, params: { table: a } }', 'params_missing'],
    ['- { type: routine, routine: round }', 'routine_circle'],
    ['- { type: routine, routine: notes }', 'routine_missing'],
    ['- { type: routine, routine: [] }', 'invalid_value'],
    ['- { type: group, steps: [{ type: routine, routine: nowhere }] }', 'routine_missing'],
  ])('mistake: %s', async (yaml, code) => {
    await writeFile(project('common.yaml'), library);
    expect(() => read(yaml, { SLING_ROUTINES_DIR: folder, TEAM: 'data' })).toThrow(
      expect.objectContaining({ code }),
    );
  });
});

describe('files', () => {
  test('are written, copied, listed, read, inspected and deleted within the project', async () => {
    const end = await run(`
- { type: write, id: w, to: out/a.txt, content: 'made by {env.TEAM} in {YYYY}' }
- { type: copy, id: c, from: out/a.txt, to: out/copies/ }
- { type: copy, from: LOCAL/out/a.txt, to: 'file://out/b.csv' }
- { type: list, id: l, location: out, recursive: true, only: files, into: files }
- { type: list, id: csv, location: 'out/*.csv' }
- { type: read, id: r, from: out/copies/a.txt, into: store.text }
- { type: inspect, id: i, location: out }
- { type: delete, id: d, location: out/a.txt }
- { type: delete, id: again, location: out/a.txt }
- { type: inspect, id: gone, location: out/a.txt }
`);
    expect(await readFile(project('out/copies/a.txt'), 'utf8')).toBe('made by data in 2026');
    expect(state(end, 'c')).toMatchObject({ to_path: 'out/copies/a.txt', bytes_written: 20 });
    const files = valueAt(end.scope, 'store.files') as readonly JsonObject[];
    expect(files.map((file) => file['location'])).toEqual(['out/a.txt', 'out/b.csv', 'out/copies/a.txt']);
    expect(files[0]).toMatchObject({ name: 'a.txt', folder: 'out', is_dir: false, size: 20 });
    expect(state(end, 'csv.result')).toHaveLength(1);
    expect(valueAt(end.scope, 'store.text')).toBe('made by data in 2026');
    expect(state(end, 'i')).toMatchObject({ exists: true, is_dir: true });
    expect([state(end, 'd.deleted'), state(end, 'again.deleted')]).toEqual([true, false]);
    expect(state(end, 'gone')).toMatchObject({ exists: false });
  });

  test('of a file connection are reached by its name', async () => {
    await writeFile(join(outside, 'in.csv'), 'a\n1\n');
    const end = await run(`
- { type: list, id: l, location: DISK/ }
- { type: copy, from: '{state.l.result[0].location}', to: copied.csv }
`);
    expect(state(end, 'l.result[0].location')).toBe('DISK/in.csv');
    expect(await readFile(project('copied.csv'), 'utf8')).toBe('a\n1\n');
  });

  test.each([
    ['{ type: write, to: ../a.txt, content: x }'],
    ['{ type: read, from: /etc/hostname }'],
    ['{ type: read, from: file:///etc/hostname }'],
    ['{ type: delete, location: DISK/../x, recursive: true }'],
    ['{ type: delete, location: ., recursive: true }'],
    ['{ type: copy, from: link/secret.txt, to: a.txt }'],
    ['{ type: write, to: link/new.txt, content: x }'],
    ['{ type: list, location: link }'],
  ])('beyond these folders are refused: %s', async (hook) => {
    await writeFile(join(outside, 'secret.txt'), 'x');
    await symlink(outside, project('link'));
    await expect(run(`[${hook}]`)).rejects.toMatchObject({ code: 'location_outside' });
    await expect(readFile(join(outside, 'new.txt'), 'utf8')).rejects.toThrow(/ENOENT/);
  });

  test('a folder is only deleted when that is said; a missing file is an error', async () => {
    await mkdir(project('full'));
    await writeFile(project('full/a'), '');
    await expect(run('[{ type: delete, location: full }]')).rejects.toMatchObject({ code: 'folder_kept' });
    await run('[{ type: delete, location: full, recursive: true }]');
    await expect(run('[{ type: read, from: full/a }]')).rejects.toMatchObject({
      code: 'hook_file_failed',
      origin: { line: 3 },
    });
  });
});

describe('functions', () => {
  test('work in texts, conditions, stored values and loops', async () => {
    const end = await run(`
- { type: store, map: { names: 'a,b', list: '{split("a,b", ",")}', n: 3 } }
- { type: log, message: 'n is {int_parse("4")} and {upper(store.names)}: {"kept": "{{}}"}' }
- { type: log, if: 'length(store.list) == 2 && date_diff("2026-01-02", "2026-01-01") == 1', message: yes }
- { type: group, loop: 'filter(store.list, "value != \\"a\\"")', steps: [{ type: log, message: 'loop {loop.value}' }] }
`);
    expect(logged).toEqual(['n is 4 and A,B: {"kept": "{{}}"}', 'yes', 'loop b']);
    expect(valueAt(end.scope, 'store.list')).toEqual(['a', 'b']);
  });

  test('that fail are told with the expression, and unknown ones when the file is read', async () => {
    await expect(run(`[{ type: check, check: 'date_trunc("no", "day") == 1' }]`)).rejects.toMatchObject({
      code: 'expression_failed',
      message: expect.stringMatching(/'no' is not a date/),
    });
    await expect((async () => run(`[{ type: log, if: 'uper(1)', message: a }]`))()).rejects.toThrow(
      /did you mean upper\(\)/,
    );
  });
});

describe('on_failure', () => {
  const failing = (policy: string): string => `
- { type: check, id: c, check: 'false', failure_message: no luck, on_failure: ${policy} }
- { type: log, message: after }
`;

  test.each(['abort', 'error'])('%s fails the list at once', async (policy) => {
    await expect(run(failing(policy))).rejects.toMatchObject({ code: 'hook_check_failed' });
    expect(logged).toEqual([]);
  });

  test.each([
    ['warn', ['hook c: hook c: no luck', 'after'], 'done'],
    ['quiet', ['after'], 'done'],
    ['skip', ['hook c: hook c: no luck'], 'skip'],
    ['break', ['hook c: hook c: no luck'], 'break'],
  ])('%s', async (policy, lines, ending) => {
    const end = await run(failing(policy));
    expect(end.ending).toBe(ending);
    expect(logged).toEqual(lines);
    expect(state(end, 'c')).toEqual({
      status: policy === 'warn' ? 'warning' : 'error',
      error: 'hook c: no luck',
    });
  });

  test('defer goes on, and fails at the end', async () => {
    await expect(run(failing('defer'))).rejects.toThrow(/no luck/);
    expect(logged.at(-1)).toBe('after');
  });

  test('retry tries once more, and then fails', async () => {
    await writeFile(project('turns.sh'), 'echo x >> turns; test $(wc -l < turns) = 2');
    await run('[{ type: command, command: [sh, turns.sh], on_failure: retry }]');
    await expect(run(failing('retry'))).rejects.toThrow(/no luck/);
    expect(logged).not.toContain('after');
  });
});

describe('groups', () => {
  const items = (steps: string, more = ''): string =>
    `[{ type: group, id: g, loop: [1, 2, 3, 4]${more}, steps: [${steps}] }, { type: log, message: after }]`;
  const say = '{ type: log, message: "{loop.index}: {loop.value}" }';

  test('run their steps for each item of a list, or of an expression that gives one', async () => {
    const end = await run(items(`${say}, { type: store, key: last, value: '{loop.value}' }`));
    expect(logged).toEqual(['0: 1', '1: 2', '2: 3', '3: 4', 'after']);
    expect(valueAt(end.scope, 'store.last')).toBe(4);
    expect(valueAt(end.scope, 'loop')).toBeUndefined();
    await run('[{ type: group, loop: "{store.names}", steps: [{ type: log, message: "{loop.value.n}" }] }]', {
      store: { names: [{ n: 'a' }, { n: 'b' }] },
    });
    expect(logged.slice(5)).toEqual(['a', 'b']);
    await expect(
      run('[{ type: group, loop: env.TEAM, steps: [{ type: log, message: a }] }]'),
    ).rejects.toThrow(/'env.TEAM' is not a list/);
  });

  test('skip leaves one pass, break the loop, and the list goes on', async () => {
    const at2 = (policy: string): string =>
      `{ type: check, check: loop.value != 2, on_failure: ${policy}, failure_message: two }, ${say}`;
    await run(items(at2('skip')));
    expect(logged.filter((line) => !line.startsWith('hook'))).toEqual(['0: 1', '2: 3', '3: 4', 'after']);
    logged = [];
    await run(items(at2('break')));
    expect(logged.filter((line) => !line.startsWith('hook'))).toEqual(['0: 1', 'after']);
  });

  test('defer lets all passes run and raises the failure at the end of the group', async () => {
    const odd = `{ type: check, check: loop.value % 2 == 0, on_failure: defer }, ${say}`;
    await expect(run(items(odd))).rejects.toMatchObject({ code: 'hook_check_failed' });
    expect(logged.filter((line) => /^\d/.test(line))).toEqual(['0: 1', '1: 2', '2: 3', '3: 4']);
    expect(logged).not.toContain('after');
  });

  test('concurrency runs passes side by side; what they store is put together', async () => {
    const meet = `{ type: command, command: 'echo x >> {loop.value}.seen; for i in $(seq 200); do [ $(ls *.seen | wc -l) -ge 2 ] && exit 0; sleep 0.02; done; exit 1' }`;
    const keep = `{ type: store, map: { env.LAST: '{loop.value}' } }, { type: log, id: said, message: hi }`;
    const end = await run(items(`${meet}, ${keep}`, ', concurrency: 2'));
    expect(valueAt(end.scope, 'env')).toEqual({ TEAM: 'data', LAST: 4 });
    expect(state(end, 'said.status')).toBe('success');
    expect(logged.at(-1)).toBe('after');
  });

  test('variables of a group end with it', async () => {
    const end = await run(
      '[{ type: group, env: { TEAM: "x{env.TEAM}", N: 1 }, steps: [{ type: log, message: "{env.TEAM} {env.N}" }] }]',
    );
    expect(logged).toEqual(['xdata 1']);
    expect(valueAt(end.scope, 'env')).toEqual({ TEAM: 'data' });
  });
});

describe('variables', () => {
  test('store takes several, gives them up again, and keeps their types', async () => {
    const end = await run(`
- { type: store, map: { a: 1, 'store.b': [x, '{env.TEAM}'], env.DAY: '{timestamp.date}' } }
- { type: store, key: a, delete: true }
- { type: log, message: '{store.b[1]} {env.DAY} {run_timestamp} {timestamp.unix} {execution.id}' }
- { type: log, if: store.a == null, message: '{runtime_state}' }
- { type: log, id: no, if: 1 > 2, message: never }
`);
    expect(logged[0]).toBe('data 2026-02-03 2026_02_03_140506 1770127506 r1');
    expect(JSON.parse(logged[1] ?? '')).toMatchObject({ store: { b: ['x', 'data'] }, YYYY: '2026' });
    expect(logged[1]).not.toContain('TEAM');
    expect(keptOf(end.scope)).toMatchObject({
      store: { b: ['x', 'data'] },
      state: { no: { status: 'skipped' } },
    });
  });

  test('a replication gets its texts filled', async () => {
    const asked: unknown[] = [];
    const base = place();
    const services = {
      ...base.services,
      replicate: async (request: unknown) => ({ total_rows: asked.push(request) }),
    };
    const origin = { file: 'a.yaml' };
    const written = [
      { type: 'replication', id: 'r', path: 'r/{env.TEAM}.yaml', streams: ['a'], env: { N: 1 } },
    ];
    const hooks = readHooks(written, { where: 'hooks', origin, mayRunCommands: false });
    const end = await runHooks(hooks, { ...base, services });
    expect(asked).toEqual([
      {
        path: project('r/data.yaml'),
        streams: ['a'],
        mode: undefined,
        range: undefined,
        env: { N: '1' },
        key: 'test/0',
      },
    ]);
    expect(state(end, 'r')).toEqual({ status: 'success', total_rows: 1 });
  });
});

test('a check says what it found when it passes, too', async () => {
  await run('[{ check: \'env.TEAM in ["data", "ops"]\', success_message: \'of {env.TEAM}\', message: no }]');
  expect(logged).toContain('of data');
  await expect(run("[{ check: 'env.TEAM in [\"ops\"]', message: 'not of {env.TEAM}' }]")).rejects.toThrow(
    'not of data',
  );
});

test('a command has variables of its own, is ended after its timeout, and tells what it printed', async () => {
  const end = await run(
    `[{ id: c, command: 'echo "$N"; echo bad >&2', env: { N: '{env.TEAM} 7' }, into: printed }]`,
  );
  expect(state(end, 'c.output')).toEqual({ stdout: 'data 7\n', stderr: 'bad\n', combined: 'data 7\nbad\n' });
  expect(end.scope['store']).toEqual({ printed: 'data 7\n' });
  await expect(run('[{ command: sleep 20, timeout: 0.2 }]')).rejects.toMatchObject({
    code: 'command_timed_out',
  });
});

test('a folder is counted with all that is in it', async () => {
  await mkdir(project('in/sub'), { recursive: true });
  await writeFile(project('in/a.txt'), '12345');
  await writeFile(project('in/sub/b.txt'), '123');
  const end = await run('[{ type: inspect, id: i, location: in, recursive: true }]');
  expect(state(end, 'i')).toMatchObject({
    size: 8,
    file_count: 2,
    folder_count: 1,
    node_count: 3,
    is_dir: true,
  });
});

test('the answer of an address is written into a file', async () => {
  const server = createServer((_, response) => response.end('{"films":2}')).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await run(`[{ type: http, url: 'http://127.0.0.1:${port}', write_to: out/films.json }]`);
  server.close();
  expect(await readFile(project('out/films.json'), 'utf8')).toBe('{"films":2}');
});

test("texts show records as a table, keys in quotes, and leave braces alone that are nobody's", async () => {
  await run(
    "[{ log: '{pretty_table(store.rows)}' }, { log: '{runs[\"a.b\"].total_rows} {fields} {stream_table}' }]",
    {
      store: {
        rows: [
          { id: 1, name: 'Ada' },
          { id: 20, name: null },
        ],
      },
      runs: { 'a.b': { total_rows: 7 } },
    },
  );
  expect(logged).toEqual([
    ['id | name', '---+-----', '1  | Ada', '20 | null'].join('\n'),
    '7 {fields} {stream_table}',
  ]);
});

test('where commands are allowed, files may be reached anywhere', async () => {
  const yaml = `[{ type: write, to: 'local/${outside}/a.txt', content: x }]`;
  await expect(run(yaml)).rejects.toMatchObject({ code: 'location_outside' });
  const services = { ...place().services, mayRunCommands: true };
  const hooks = readHooks(parseDocument(yaml).toJS(), {
    where: 'hooks',
    origin: { file: 'a' },
    mayRunCommands: true,
  });
  await runHooks(hooks, { ...place(), services });
  expect(await readFile(join(outside, 'a.txt'), 'utf8')).toBe('x');
});

test('a failure that is only warned of is known as such', async () => {
  const end = await run(
    `
- { check: 'length(pluck(store.rows, "n")) == 3', id: c, on_failure: warn }
- { check: 'date_diff("2026-01-01 00:00:05", "2026-01-01", "s") == 5' }
`,
    { store: { rows: [{ n: 1 }] } },
  );
  expect(state(end, 'c.status')).toBe('warning');
});
