import { writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { LoadHarness } from '../../test/support/load-harness.ts';
import { duckdbConnector } from '../connectors/duckdb/index.ts';
import { sqliteConnector } from '../connectors/sqlite/index.ts';
import { isTrue, parseExpression } from './expression/expression.ts';
import { readReplication } from './project.ts';

let harness: LoadHarness;
let server: Server;
const requests: string[] = [];
beforeAll(async () => {
  harness = await LoadHarness.create();
  await harness.open('LITE', sqliteConnector, { path: join(harness.folder, 'shop.db') });
  await harness.open('DUCK', duckdbConnector, { path: join(harness.folder, 'warehouse.duckdb') });
  await harness.run(
    'LITE',
    'create table orders (id integer primary key)',
    'insert into orders values (1), (2), (3)',
  );
  server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => (body += String(chunk)));
    request.on('end', () => {
      requests.push(`${request.method} ${request.url} ${body}`);
      response.statusCode = request.url === '/broken' ? 400 : 200;
      response.end('ok');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterAll(async () => {
  server.close();
  await harness.close();
});
beforeEach(async () => {
  requests.length = 0;
  harness.logged.length = 0;
  await harness.run('DUCK', 'drop schema if exists raw cascade', 'drop schema if exists _millrace cascade');
});

const stream = (hooks: string): string =>
  `source: LITE\ntarget: DUCK\nenv: { TEAM: data }\nstreams:\n  orders:\n    object: raw.orders\n    hooks:\n      ${hooks.split('\n').join('\n      ')}\n`;
const url = (path: string): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`;

test('hooks run around the load, see its figures and what came before', async () => {
  await harness.loadOne(
    stream(`pre:
  - { type: query, id: ask, connection: LITE, query: 'select max(id) as top from orders' }
  - { type: store, key: top, value: '{state.ask.result[0].top}' }
  - { type: log, message: 'team {env.TEAM} loads {stream.name} into {object.full_name}' }
post:
  - { type: check, check: 'run.total_rows == store.top && run.status == "success"' }
  - type: group
    if: run.rowsInserted > 2
    steps:
      - { type: http, url: '${url('/done')}', payload: 'rows={run.rowsInserted}' }
  - { type: http, url: '${url('/never')}', if: run.rowsInserted < 3 }`),
  );
  expect(harness.logged).toContain('team data loads orders into raw.orders');
  expect(requests).toEqual(['POST /done rows=3']);
});

test('a request may hold a map or a list, which is sent as JSON', async () => {
  await harness.loadOne(
    stream(`pre:
  - { type: http, url: '${url('/map')}', payload: { stream: '{stream.name}', list: [1, { in: '{env.TEAM}' }] } }
  - { type: http, url: '${url('/list')}', payload: ['{stream.name}', true] }`),
  );
  expect(requests).toEqual([
    'POST /map {"stream":"orders","list":[1,{"in":"data"}]}',
    'POST /list ["orders",true]',
  ]);
});

test('merge hooks belong to the transaction: when one fails nothing is published', async () => {
  const hooks = (check: string): string =>
    stream(`pre_merge:
  - { type: query, query: 'create schema if not exists audit' }
  - { type: query, query: 'create or replace table audit.loads as select 1 as n' }
post_merge:
  - { type: query, id: loaded, query: 'select count(*) as n from {object.full_name}' }
  - { type: check, check: '${check}', failure_message: 'only {state.loaded.result[0].n} rows' }`);
  await expect(harness.loadOne(hooks('state.loaded.result[0].n > 3'))).rejects.toMatchObject({
    code: 'hook_check_failed',
    message: expect.stringMatching(/only 3 rows/),
  });
  expect(
    await (await harness.get('DUCK')).database?.describe({ schema: 'raw', name: 'orders' }),
  ).toBeUndefined();
  expect(await (await harness.get('DUCK')).database?.list('audit')).toEqual([]);
  await harness.loadOne(hooks('state.loaded.result[0].n == 3'));
  expect(await harness.rows('DUCK', 'select n from audit.loads')).toEqual([[1]]);
});

test('a failed hook stops the load, unless it may fail', async () => {
  const failing = (policy: string): string =>
    stream(
      `pre:\n  - { type: http, id: ping, url: '${url('/broken')}'${policy} }\n  - { type: log, message: '{state.ping.status}' }`,
    );
  await expect(harness.loadOne(failing(''))).rejects.toMatchObject({ code: 'http_failed' });
  await harness.loadOne(failing(', on_failure: warn'));
  expect(harness.logged.slice(0, 2)).toEqual(['hook ping: hook ping: the address answered 400', 'warning']);
});

test('a result that is too large, and a file that is, are errors', async () => {
  const many = stream(`pre:\n  - { type: query, connection: DUCK, query: 'select 1 from range(10001)' }`);
  await expect(harness.loadOne(many)).rejects.toMatchObject({ code: 'hook_result_too_large' });
  await writeFile(join(harness.folder, 'large.txt'), Buffer.alloc(4 * 1024 * 1024 + 1));
  const large = stream(`pre:\n  - { type: read, from: large.txt }`);
  await expect(harness.loadOne(large)).rejects.toMatchObject({ code: 'file_too_large' });
});

test('a variable without a value is an error, and stays as it is in a message', async () => {
  const load = harness.loadOne(stream(`pre:\n  - { type: query, query: 'select {run.total_rows}' }`));
  await expect(load).rejects.toMatchObject({ code: 'variable_unknown' });
  await harness.loadOne(stream(`pre:\n  - { type: log, message: '{run.total_rows} of {stream.name}' }`));
  expect(harness.logged).toContain('{run.total_rows} of orders');
});

test('variables of the file come before what hooks know under the same name', async () => {
  const yaml = stream(`pre: [{ type: log, message: '{TEAM} {target} {target.name}' }]`);
  await harness.loadOne(yaml.replace('TEAM: data', 'TEAM: data, target: mine'));
  expect(harness.logged).toContain('data mine DUCK');
});

test('hooks know how their stream is loaded; what they leave is told to the end of the file', async () => {
  const figures = await harness.loadOne(
    stream(`pre:
  - { type: query, id: ask, connection: LITE, query: 'select 7 as n' }
  - { type: store, key: seven, value: '{state.ask.result[0].n}' }
  - { type: check, check: 'run.config.mode == "full-refresh" && run.config.target.object == "raw.orders"' }
post: [{ type: query, id: large, query: 'select i from range(9000) r(i)' }]`),
  );
  expect(figures['hooksLeft']).toEqual([
    { state: { ask: { status: 'success', connection: 'LITE', result: [{ n: 7 }] } }, store: { seven: 7 } },
  ]);
});

describe('commands', () => {
  const yaml = stream(`pre:\n  - { type: command, id: c, command: [echo, 'hello {stream.name}; $HOME'] }`);

  test('need an explicit permission', () => {
    expect(() => readReplication(yaml, 'a.yaml', {})).toThrow(/commands are not allowed here/);
    const [hooked] = readReplication(yaml, 'a.yaml', { MILLRACE_ALLOW_COMMANDS: 'true' }).streams;
    expect(hooked?.hooks.pre).toHaveLength(1);
  });

  test('a list of words meets no shell; a command that fails stops the load', async () => {
    const allowed = { environment: { MILLRACE_ALLOW_COMMANDS: 'true' } };
    await harness.loadOne(yaml, allowed);
    expect(harness.logged).toContain('hello orders; $HOME');
    const failing = stream(`pre:\n  - { type: command, command: 'exit 3' }`);
    await expect(harness.loadOne(failing, allowed)).rejects.toThrow(/ended with 3/);
  });
});

test.each([
  ['pre: [{ type: qeury }]', 'invalid_value'],
  ['pre: { type: log, message: a }', 'invalid_value'],
  ['pre: [{ type: query, operation: generate_data, params: {} }]', 'not_yet_supported'],
  ['pre: [{ type: group, steps: [{ type: command, command: ls, ssh_conn: SHOP }] }]', 'not_yet_supported'],
  ["pre: [{ type: check, check: '1 >' }]", 'expression_invalid'],
  ['pre_merge: [{ type: http, url: a }]', 'hook_not_applicable'],
  ['post: [{ type: routine, routine: a }]', 'routine_missing'],
  ['post: [{ type: routine, routine: a, steps: [] }]', 'invalid_value'],
  ['post: [{ type: group, steps: [{ type: run }] }]', 'not_yet_supported'],
  ['post: [{ type: store }]', 'invalid_value'],
  ['post: [{ type: log, message: a, goto: b }]', 'hook_not_applicable'],
  ['post: [{ type: group, loop: "1 +", steps: [{ type: log, message: a }] }]', 'expression_invalid'],
  ['post_merge: [{ type: query, query: select 1, on_failure: retry }]', 'hook_not_applicable'],
])('mistake: %s', (hooks, code) => {
  expect(() => readReplication(stream(hooks), 'a.yaml', {})).toThrow(expect.objectContaining({ code }));
});

test.each([
  ['1 + 2 * 3 == 7 && !(1 > 2)', true],
  ['8 - 3 - 2 == 3', true],
  ["a.b[1].c == 'x' || missing.deep > 1", true],
  ["'10' < '9' && 10 > 9", true],
  ['missing == null && -n == -4 && n % 3 == 1', true],
  ["name + '!' == 'O\\'Hara!'", true],
  ['n >= 5', false],
  ["'' || 0 || null", false],
])('expression %s', (text, expected) => {
  const scope = { a: { b: [0, { c: 'x' }] }, n: 4, name: "O'Hara" };
  expect(isTrue(parseExpression(text)(scope))).toBe(expected);
});
