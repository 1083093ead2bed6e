import { request as httpRequest } from 'node:http';
import { mkdtemp, mkdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { MemoryHost } from '../../test/page/memory-host.ts';
import type {
  AutomationPayload,
  LiveEvent,
  NodePayload,
  RunPayload,
  StatusPayload,
  TablePayload,
} from './contract.ts';
import { startServer, type RunningServer, type ServerOptions } from './index.ts';

let pageFolder = '';
const servers: RunningServer[] = [];

beforeAll(async () => {
  pageFolder = await mkdtemp(join(tmpdir(), 'millrace-page-'));
  await mkdir(join(pageFolder, 'assets'));
  await writeFile(join(pageFolder, 'index.html'), '<!doctype html><title>the page</title>');
  await writeFile(join(pageFolder, 'assets', 'main-1.js'), 'export {};');
});
afterAll(() => rm(pageFolder, { recursive: true }));
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

async function serve(
  host: MemoryHost = new MemoryHost(),
  options: Partial<ServerOptions> = {},
): Promise<string> {
  const server = await startServer(host, { pageFolder, ...options });
  servers.push(server);
  return server.url;
}

async function post(url: string, body: unknown, headers: Record<string, string> = {}): Promise<Response> {
  return await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
}

async function errorCode(response: Response): Promise<string> {
  const body = (await response.json()) as { error: { code: string } };
  return body.error.code;
}

/** `fetch` sets `Host` itself, so a forged one needs the plain client. */
async function statusWithHost(url: string, host: string): Promise<number | undefined> {
  return await new Promise((resolve, reject) => {
    const request = httpRequest(`${url}/api/project`, { headers: { host } }, (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    request.once('error', reject);
    request.end();
  });
}

/** Reads a stream until `isLast`, then hangs up. */
async function readEvents(
  url: string,
  isLast: (event: LiveEvent) => boolean,
  headers: Record<string, string> = {},
): Promise<LiveEvent[]> {
  const hangUp = new AbortController();
  const response = await fetch(url, { headers, signal: hangUp.signal });
  const events: LiveEvent[] = [];
  let text = '';
  const decoder = new TextDecoder();
  for await (const bytes of response.body ?? []) {
    text += decoder.decode(bytes, { stream: true });
    const messages = text.split('\n\n');
    text = messages.pop() ?? '';
    for (const message of messages) {
      const data = /^data: (.*)$/m.exec(message)?.[1];
      if (data !== undefined) events.push(JSON.parse(data) as LiveEvent);
    }
    if (events.some(isLast)) break;
  }
  hangUp.abort();
  return events;
}

async function readUntil(response: Response, pattern: RegExp): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  for await (const bytes of response.body ?? []) {
    text += decoder.decode(bytes, { stream: true });
    if (pattern.test(text)) break;
  }
  return text;
}

const runEnd = (event: LiveEvent): boolean => event.type === 'run_state' && event.state === 'succeeded';

test('a run is queued, executed and read back', async () => {
  const url = await serve();
  const accepted = await post(`${url}/api/runs`, { selection: 'raw/orders+' });
  expect(accepted.status).toBe(202);
  const { runId } = (await accepted.json()) as { runId: string };
  const events = await readEvents(`${url}/api/events?after=0&run=${runId}&logs=true`, runEnd);
  expect(events.filter((event) => event.type === 'step_log').length).toBeGreaterThan(0);
  const run = (await (await fetch(`${url}/api/runs/${runId}`)).json()) as RunPayload;
  expect(run.state).toBe('succeeded');
  expect(run.steps.map((step) => step.key)).toContain('marts/total_revenue');
  expect(run.steps.find((step) => step.key === 'marts/total_revenue')?.dependsOn).toContain(
    'check/unique_orders_order_id',
  );
});

test('the status joins the latest step with the latest success', async () => {
  const host = new MemoryHost();
  host.addPastRun('', 1_000_000);
  host.addPastRun('', 2_000_000, ['raw/orders']);
  const url = await serve(host);
  const { nodes } = (await (await fetch(`${url}/api/status`)).json()) as StatusPayload;
  const statusOf = (key: string) => nodes.find((node) => node.key === key);
  expect(statusOf('raw/orders')).toMatchObject({ state: 'failed', runId: 'run-2' });
  expect(statusOf('raw/orders')?.succeededAtMs).toBeLessThan(2_000_000);
  expect(statusOf('staging/stg_orders')?.state).toBe('skipped');
  expect(statusOf('raw/customers')?.state).toBe('succeeded');
  expect(statusOf('shop/orders')?.state).toBe('external');
});

test('a node knows its neighbours and its checks', async () => {
  const url = await serve();
  const response = await fetch(`${url}/api/node?key=${encodeURIComponent('staging/stg_orders')}`);
  const node = (await response.json()) as Record<string, string[]>;
  expect(node['upstream']).toEqual(['raw/orders']);
  expect(node['checks']).toEqual(['check/not_null_orders_order_id', 'check/unique_orders_order_id']);
  expect(node['downstream']).toContain('marts/total_revenue');
  expect(node['downstream']).not.toContain('check/unique_orders_order_id');
});

test('an event stream continues after Last-Event-ID and leaves logs out unless asked', async () => {
  const host = new MemoryHost();
  host.addPastRun('', 1_000_000);
  const url = await serve(host);
  const all = await readEvents(`${url}/api/events?after=0`, runEnd);
  expect(all.some((event) => event.type === 'step_log')).toBe(false);
  const durable = all.filter((event) => event.type !== 'step_progress');
  const middle = durable[10];
  const rest = await readEvents(`${url}/api/events?after=0`, runEnd, {
    'last-event-id': String(middle?.sequence),
  });
  expect(rest).toEqual(durable.slice(11));
});

test('a sequence of a ledger that is gone starts at the newest event of this one', async () => {
  const host = new MemoryHost();
  host.addPastRun('', 1_000_000);
  const url = await serve(host);
  const response = await fetch(`${url}/api/events`, { headers: { 'last-event-id': '999999' } });
  const newest = await host.ledger.lastSequence();
  host.addPastRun('raw/customers', 2_000_000);
  const text = await readUntil(response, /"succeeded"/);
  expect(/^id: (\d+)$/m.exec(text)?.[1]).toBe(String(newest + 1));
});

test('a silent stream says that it is still there', async () => {
  const url = await serve(new MemoryHost(), { heartbeatSeconds: 0.02 });
  expect(await readUntil(await fetch(`${url}/api/events`), /: still here/)).toContain('retry: 1000');
});

test('columns carry the types that the last success found', async () => {
  const host = new MemoryHost();
  host.addPastRun('', 1_000_000);
  host.ledger.completionHistory = async (key) => [
    {
      key,
      runId: 'run-1',
      finishedAtMs: 1,
      durationMs: 1,
      metadata: {},
      columns: [
        { name: 'ORDER_ID', dataType: 'INTEGER' },
        { name: 'city', dataType: 'VARCHAR' },
      ],
    },
  ];
  const url = await serve(host);
  const node = (await (await fetch(`${url}/api/node?key=raw/orders`)).json()) as NodePayload;
  expect(node.columns.map((column) => column.name)).toEqual([
    'order_id',
    'customer_id',
    'net_revenue',
    'city',
  ]);
  expect(node.columns[3]).toEqual({ name: 'city', dataType: 'VARCHAR' });
});

test('a slow listener misses no durable event', async () => {
  const host = new MemoryHost();
  const url = await serve(host);
  const response = await fetch(`${url}/api/events?after=0&logs=true`);
  for (let run = 0; run < 60; run += 1) host.addPastRun('', 1_000_000 + run);
  const expected = await host.ledger.lastSequence();
  const seen: number[] = [];
  let text = '';
  const decoder = new TextDecoder();
  for await (const bytes of response.body ?? []) {
    text += decoder.decode(bytes, { stream: true });
    const lines = text.split('\n');
    text = lines.pop() ?? '';
    for (const line of lines) if (line.startsWith('id: ')) seen.push(Number(line.slice(4)));
    if (seen.at(-1) === expected) break;
  }
  expect(seen).toEqual(Array.from({ length: expected }, (_, index) => index + 1));
});

test('closing the server ends streams and stops listening to the engine', async () => {
  const host = new MemoryHost();
  const server = await startServer(host, { pageFolder });
  const response = await fetch(`${server.url}/api/events?after=0`);
  expect(host.listenerCount).toBe(1);
  await server.close();
  expect(host.listenerCount).toBe(0);
  await expect(response.text().catch(() => 'closed')).resolves.toBeDefined();
  await expect(fetch(server.url)).rejects.toThrow();
});

test('log lines come oldest first and say when older ones were left out', async () => {
  const host = new MemoryHost();
  const runId = host.addPastRun('', 1_000_000);
  const url = await serve(host);
  const all = (await (await fetch(`${url}/api/runs/${runId}/logs`)).json()) as { lines: unknown[] };
  expect(all).toMatchObject({ truncated: false });
  const two = await (await fetch(`${url}/api/runs/${runId}/logs?limit=2`)).json();
  expect(two).toEqual({ truncated: true, lines: all.lines.slice(-2) });
  const step = (await (await fetch(`${url}/api/runs/${runId}/logs?step=raw/orders`)).json()) as {
    lines: { step: string }[];
  };
  expect(new Set(step.lines.map((line) => line.step))).toEqual(new Set(['raw/orders']));
});

test('database values survive JSON', async () => {
  const url = await serve();
  const table = (await (await fetch(`${url}/api/sample?key=raw/orders&limit=1`)).json()) as TablePayload;
  expect(table.rows[0]?.[0]).toBe('900719925474099300');
});

test.each([
  ['/api/runs/none', 404, 'run_missing'],
  ['/api/node?key=no/such', 404, 'node_missing'],
  ['/api/node?key=//', 400, 'request_invalid'],
  ['/api/node', 400, 'request_invalid'],
  ['/api/sample?key=task/generate_orders', 404, 'relation_missing'],
  ['/api/sample?key=raw/orders&limit=0', 400, 'request_invalid'],
  ['/api/reports/none', 404, 'report_missing'],
  ['/api/events?after=-1', 400, 'request_invalid'],
  ['/api/nothing', 404, 'route_missing'],
])('GET %s answers %i %s', async (path, status, code) => {
  const response = await fetch((await serve()) + path);
  expect(response.status).toBe(status);
  expect(await errorCode(response)).toBe(code);
});

test.each([
  [{ selection: 5 }, 400, 'request_invalid'],
  [{ selection: '', fullrefresh: true }, 400, 'request_invalid'],
  ['{', 400, 'request_invalid'],
  [{ selection: 'no/such' }, 400, 'selection_empty'],
])('POST /api/runs with %j answers %i %s', async (body, status, code) => {
  const response = await post(`${await serve()}/api/runs`, body);
  expect(response.status).toBe(status);
  expect(await errorCode(response)).toBe(code);
});

test('what a run has left undone is done by another run', async () => {
  const host = new MemoryHost();
  const failed = host.addPastRun('', Date.now() - 60_000, ['raw/orders']);
  const url = await serve(host);
  const response = await post(`${url}/api/runs/${failed}/retry`, {});
  expect(response.status).toBe(202);
  const { runId } = (await response.json()) as { runId: string };
  const steps = async (id: string): Promise<readonly { readonly key: string; readonly state: string }[]> =>
    ((await (await fetch(`${url}/api/runs/${id}`)).json()) as RunPayload).steps;
  const left = (await steps(failed)).filter(({ state }) => state !== 'succeeded').map(({ key }) => key);
  expect((await steps(runId)).map(({ key }) => key)).toEqual(left);
  expect(left.length).toBeGreaterThan(1);
  const unknown = await post(`${url}/api/runs/none/retry`, {});
  expect([unknown.status, await errorCode(unknown)]).toEqual([404, 'run_missing']);
});

test('a finished run cannot be cancelled', async () => {
  const host = new MemoryHost();
  const runId = host.addPastRun('', 1_000_000);
  const response = await post(`${await serve(host)}/api/runs/${runId}/cancel`, {});
  expect(response.status).toBe(409);
  expect(await errorCode(response)).toBe('run_finished');
  expect(host.cancelled.size).toBe(0);
});

test('a foreign name, a foreign origin and a form are refused', async () => {
  const url = await serve();
  expect(await statusWithHost(url, 'evil.example')).toBe(403);
  expect(await statusWithHost(url, 'localhost:80')).toBe(200);
  const foreign = await post(`${url}/api/runs`, { selection: '' }, { origin: 'http://evil.example' });
  expect(await errorCode(foreign)).toBe('origin_refused');
  const own = await post(`${url}/api/runs`, { selection: '' }, { origin: url });
  expect(own.status).toBe(202);
  const form = await fetch(`${url}/api/runs`, { method: 'POST', body: new URLSearchParams('selection=') });
  expect(form.status).toBe(415);
});

test('beyond loopback a token is needed to start', async () => {
  await expect(startServer(new MemoryHost(), { pageFolder, hostname: '0.0.0.0' })).rejects.toMatchObject({
    code: 'token_required',
  });
});

test('a token opens the API as bearer, and once as an address', async () => {
  const url = await serve(new MemoryHost(), { token: 'open sesame' });
  expect((await fetch(`${url}/api/project`)).status).toBe(401);
  const wrong = await fetch(`${url}/api/project`, { headers: { authorization: 'Bearer sesame' } });
  expect(wrong.status).toBe(401);
  const bearer = await fetch(`${url}/api/project`, { headers: { authorization: 'Bearer open sesame' } });
  expect(bearer.status).toBe(200);
  const page = await fetch(`${url}/?token=open%20sesame`, { redirect: 'manual' });
  expect(page.headers.get('location')).toBe('/');
  const cookie = page.headers.get('set-cookie')?.split(';')[0] ?? '';
  expect((await fetch(`${url}/api/project`, { headers: { cookie } })).status).toBe(200);
});

test('a taken port is named', async () => {
  const url = new URL(await serve());
  await expect(startServer(new MemoryHost(), { pageFolder, port: Number(url.port) })).rejects.toMatchObject({
    code: 'port_taken',
  });
});

test('page paths give the page, missing assets do not', async () => {
  const url = await serve();
  for (const path of ['/', '/runs/run-1']) {
    const response = await fetch(url + path);
    expect(await response.text()).toContain('the page');
    expect(response.headers.get('content-security-policy')).toContain("default-src 'self'");
  }
  const script = await fetch(`${url}/assets/main-1.js`);
  expect(script.headers.get('content-type')).toMatch(/^text\/javascript/);
  expect(script.headers.get('cache-control')).toContain('immutable');
  expect((await fetch(`${url}/assets/none.js`)).status).toBe(404);
});

test('a page that is not built says what to do', async () => {
  const url = await serve(new MemoryHost(), { pageFolder: join(pageFolder, 'none') });
  const response = await fetch(url);
  expect(response.status).toBe(404);
  expect(await response.text()).toContain('npm run build');
});

test('metrics are served like the rest: with the token where there is one', async () => {
  const open = await serve();
  const metrics = await fetch(`${open}/metrics`);
  expect([metrics.status, metrics.headers.get('content-type'), await metrics.text()]).toEqual([
    200,
    'text/plain; version=0.0.4; charset=utf-8',
    'millrace_runs_open 1\n',
  ]);
  const guarded = await serve(new MemoryHost(), { token: 'a-token' });
  expect((await fetch(`${guarded}/metrics`)).status).toBe(401);
  const authorization = 'Bearer a-token';
  expect((await fetch(`${guarded}/metrics`, { headers: { authorization } })).status).toBe(200);
});

test('says what starts runs by itself, and takes what is asked of a backfill', async () => {
  const url = await serve();
  const read = async (): Promise<AutomationPayload> =>
    (await (await fetch(`${url}/api/automation`)).json()) as AutomationPayload;
  expect(await read()).toMatchObject({ active: true, backfills: [{ id: 'b1f0', state: 'running' }] });
  expect((await post(`${url}/api/backfills/b1f0`, { action: 'pause' })).status).toBe(202);
  expect(await read()).toMatchObject({ backfills: [{ id: 'b1f0', state: 'paused' }] });
  const unknown = await post(`${url}/api/backfills/none`, { action: 'pause' });
  expect([unknown.status, await errorCode(unknown)]).toEqual([404, 'backfill_missing']);
  expect((await post(`${url}/api/backfills/b1f0`, { action: 'delete' })).status).toBe(400);
});

test('says why a node is so, and how its partitions are', async () => {
  const url = await serve();
  const ask = (path: string): Promise<Response> => fetch(`${url}/api/${path}`);
  expect(await (await ask('why?key=raw/orders')).json()).toMatchObject({ condition: 'stale' });
  expect(await (await ask('partitions?key=raw/orders')).json()).toMatchObject({ count: 90 });
  expect(await errorCode(await ask('why?key=raw/nothing'))).toBe('node_missing');
  expect(await errorCode(await ask('partitions?key=raw/customers'))).toBe('partitions_missing');
});
