import { createHmac } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import { createHookRoutes, type HookDelivery } from './route.ts';
import type { HookSettings } from './signature.ts';

const nowMs = Date.UTC(2026, 0, 1);
const base: HookSettings = {
  name: 'h',
  secret: undefined,
  signature: 'timestamp',
  toleranceSeconds: 300,
  token: undefined,
  origins: [],
  maxBodyBytes: 100,
};
const hooks: Readonly<Record<string, HookSettings>> = {
  signed: { ...base, secret: 'a secret of some length' },
  github: { ...base, secret: 'a secret of some length', signature: 'github' },
  page: { ...base, token: 'token-of-16-chars', origins: ['https://ml.example.com'] },
};

let deliveries: HookDelivery[];
let known: Map<string, string>;
let routes: ReturnType<typeof createHookRoutes>;

beforeEach(() => {
  deliveries = [];
  known = new Map();
  routes = createHookRoutes(
    {
      find: (name) => {
        if (name === 'unset') throw new Error('HOOK_SECRET is not set');
        return hooks[name];
      },
      deliver: async (delivery) => {
        const id = delivery.key ?? String(deliveries.length);
        const isNew = !known.has(id);
        if (isNew) known.set(id, `run${known.size}`);
        deliveries.push(delivery);
        return { runId: known.get(id) ?? '', isNew };
      },
    },
    (context, { status, code }) => context.json({ code }, status),
    () => nowMs,
  );
});

async function post(
  name: string,
  body: string,
  headers: Record<string, string> = {},
): Promise<readonly [number, Record<string, unknown>]> {
  const response = await routes.request(`/${name}`, { method: 'POST', body, headers });
  return [response.status, (await response.json()) as Record<string, unknown>];
}

function stamped(body: string, atMs: number = nowMs, secret = 'a secret of some length'): string {
  const seconds = Math.floor(atMs / 1000);
  return `t=${seconds},v1=${createHmac('sha256', secret).update(`${seconds}.${body}`).digest('hex')}`;
}

const json = { 'content-type': 'application/json' };

describe('a webhook', () => {
  it('signed with a time starts a run with its body', async () => {
    const body = '{"model":"churn"}';
    const answer = await post('signed', body, { ...json, 'millrace-signature': stamped(body) });
    expect(answer).toEqual([202, { runId: 'run0', duplicate: false }]);
    expect(deliveries).toMatchObject([{ name: 'signed', body: { model: 'churn' } }]);
  });

  it('refuses another body, another secret, an old time, and none', async () => {
    const refusal = [401, { code: 'webhook_refused' }];
    expect(await post('signed', '{"b":2}', { ...json, 'millrace-signature': stamped('{"a":1}') })).toEqual(
      refusal,
    );
    expect(await post('signed', '1', { 'millrace-signature': stamped('1', nowMs, 'another') })).toEqual(
      refusal,
    );
    expect(await post('signed', '1', { 'millrace-signature': stamped('1', nowMs - 301_000) })).toEqual(
      refusal,
    );
    expect(await post('signed', '1', { 'millrace-signature': stamped('1', nowMs + 302_000) })).toEqual(
      refusal,
    );
    expect(await post('signed', '1', { 'millrace-signature': 'v1=abc' })).toEqual(refusal);
    expect(await post('signed', '1')).toEqual(refusal);
    expect(deliveries).toEqual([]);
  });

  it('takes a replay, even under the id of another delivery, for what it is', async () => {
    const signature = { 'millrace-signature': stamped('1') };
    await post('signed', '1', { ...signature, 'millrace-delivery': 'd1' });
    const replay = await post('signed', '1', { ...signature, 'millrace-delivery': 'd2' });
    expect(replay).toEqual([202, { runId: 'run0', duplicate: true }]);
    const again = { 'millrace-signature': stamped('1', nowMs + 1000), 'millrace-delivery': 'd1' };
    expect(await post('signed', '1', again)).toEqual([202, { runId: 'run0', duplicate: true }]);
    expect(known.size).toBe(1);
  });

  it('of GitHub is checked by X-Hub-Signature-256 and told apart by its delivery', async () => {
    const body = '{"ref":"main"}';
    const signature = `sha256=${createHmac('sha256', 'a secret of some length').update(body).digest('hex')}`;
    const headers = { ...json, 'x-hub-signature-256': signature, 'x-github-delivery': 'g1' };
    expect((await post('github', body, headers))[1]).toEqual({ runId: 'run0', duplicate: false });
    expect((await post('github', body, headers))[1]).toEqual({ runId: 'run0', duplicate: true });
    expect((await post('github', `${body} `, headers))[0]).toBe(401);
    expect((await post('github', body, { 'millrace-signature': stamped(body) }))[0]).toBe(401);
  });

  it('of a web page is called with a token, from the origins that are named', async () => {
    const headers = { authorization: 'Bearer token-of-16-chars', origin: 'https://ml.example.com' };
    const answer = await routes.request('/page', {
      method: 'POST',
      body: 'model=churn&rows=3',
      headers: { ...headers, 'content-type': 'application/x-www-form-urlencoded' },
    });
    expect(answer.status).toBe(202);
    expect(answer.headers.get('access-control-allow-origin')).toBe('https://ml.example.com');
    expect(deliveries).toMatchObject([{ body: { model: 'churn', rows: '3' } }]);
    const preflight = (origin: string): Response | Promise<Response> =>
      routes.request('/page', { method: 'OPTIONS', headers: { origin } });
    expect((await preflight('https://ml.example.com')).headers.get('access-control-allow-origin')).toBe(
      'https://ml.example.com',
    );
    expect(
      (await preflight('https://evil.example.com')).headers.get('access-control-allow-origin'),
    ).toBeNull();
    expect((await post('page', '', { authorization: 'Bearer wrong' }))[0]).toBe(401);
  });

  it('that is not there, or whose body is too large or no JSON, is refused', async () => {
    expect(await post('nope', '')).toEqual([404, { code: 'webhook_missing' }]);
    expect(await post('unset', '')).toEqual([503, { code: 'webhook_unset' }]);
    const large = 'x'.repeat(101);
    expect((await post('signed', large, { 'millrace-signature': stamped(large) }))[0]).toBe(413);
    const huge = 'x'.repeat(1_100_000);
    expect((await post('signed', huge, { 'content-length': String(huge.length) }))[0]).toBe(413);
    expect((await post('signed', '{', { ...json, 'millrace-signature': stamped('{') }))[0]).toBe(400);
    expect(deliveries).toEqual([]);
  });
});
