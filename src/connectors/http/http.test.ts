import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import type { Connection } from '../../connector/connection.ts';
import type { HttpConfig } from './config.ts';
import { httpConnector } from './index.ts';

const servers: Server[] = [];
const never = new AbortController().signal;

async function serve(handle: (request: IncomingMessage, response: ServerResponse) => void): Promise<string> {
  const server = createServer(handle);
  servers.push(server);
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve());
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/api`;
}

async function open(config: HttpConfig): Promise<Connection> {
  return await httpConnector.open(config, {
    name: 'CRM',
    projectFolder: '/',
    temporaryFolder: '/tmp',
    memoryBudgetBytes: 1e6,
  });
}

afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

describe('http connection', () => {
  it('joins the path, signs in and gives status, headers and body', async () => {
    const url = await serve((request, response) => {
      response.writeHead(207, { 'retry-after': '3' });
      response.end(
        `${request.method} ${request.url} ${request.headers.authorization} ${String(request.headers['x-a'])}`,
      );
    });
    const { http } = await open({ url: `${url}/`, token: 'secret', headers: { 'x-a': '1' } });
    const answer = await http?.request({ method: 'POST', path: '/customers', body: '{}' }, never);
    expect(answer).toMatchObject({ status: 207, body: 'POST /api/customers Bearer secret 1' });
    expect(answer?.headers['retry-after']).toBe('3');
  });

  it('sends user and password as basic sign-in', async () => {
    const url = await serve((request, response) => response.end(request.headers.authorization));
    const { http } = await open({ url, user: 'ann', password: 'pé' });
    const answer = await http?.request({ method: 'GET', path: '' }, never);
    expect(answer?.body).toBe(`Basic ${Buffer.from('ann:pé').toString('base64')}`);
  });

  it('calls a lost connection transient, without query or credentials in the message', async () => {
    const url = await serve((request) => request.socket.destroy());
    const { http } = await open({ url, token: 'secret' });
    const lost = http?.request({ method: 'GET', path: '/x?key=secret' }, never);
    await expect(lost).rejects.toMatchObject({ kind: 'transient', code: 'http_unreachable' });
    await expect(lost).rejects.toThrow(/^(?!.*secret)/);
  });

  it('tells a timeout from a cancel', async () => {
    const url = await serve(() => {});
    const slow = await open({ url, timeout_seconds: 0.05 });
    await expect(slow.http?.request({ method: 'GET', path: '' }, never)).rejects.toMatchObject({
      kind: 'transient',
      code: 'http_timeout',
    });
    const abort = new AbortController();
    const { http } = await open({ url });
    const waiting = http?.request({ method: 'GET', path: '' }, abort.signal);
    abort.abort();
    await expect(waiting).rejects.toMatchObject({ kind: 'cancelled' });
  });

  it('does not follow redirects', async () => {
    const url = await serve((_, response) => response.writeHead(302, { location: '/other' }).end());
    const { http } = await open({ url, token: 'secret' });
    expect((await http?.request({ method: 'POST', path: '', body: '' }, never))?.status).toBe(302);
  });

  it('reports a refused sign-in when checked', async () => {
    const url = await serve((_, response) => response.writeHead(401).end());
    const connection = await open({ url, token: 'secret' });
    await expect(connection.check(never)).rejects.toMatchObject({ code: 'http_sign_in_refused' });
  });

  it('refuses two ways of signing in, other schemes and unknown keys', async () => {
    await expect(open({ url: 'http://x', token: 'a', user: 'b' })).rejects.toMatchObject({
      code: 'http_sign_in',
    });
    expect(httpConnector.config.safeParse({ url: 'ftp://x' }).success).toBe(false);
    expect(httpConnector.config.safeParse({ url: 'http://x', tokn: 'a' }).success).toBe(false);
  });

  it('splits a DSN', () => {
    expect(httpConnector.parseUrl('https://ann:p%40ss@crm.example/api')).toEqual({
      url: 'https://crm.example/api',
      user: 'ann',
      password: 'p@ss',
    });
  });
});
