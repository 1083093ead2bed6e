import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startCrm, type Crm, type CrmSettings } from './crm.ts';

let folder = '';
const running: Crm[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'retailflow-crm-'));
});
afterEach(async () => {
  await Promise.all(running.splice(0).map((crm) => crm.close()));
  await rm(folder, { recursive: true });
});

async function start(settings: Partial<CrmSettings> = {}): Promise<Crm> {
  const crm = await startCrm({ port: 0, file: join(folder, 'crm.db'), ...settings });
  running.push(crm);
  return crm;
}

function post(crm: { readonly url: string }, path: string, body: unknown): Promise<Response> {
  return fetch(crm.url + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
}

describe('CRM', () => {
  test('upserts by external_id and deletes; a repeated batch changes nothing', async () => {
    const crm = await start();
    const batch = {
      records: [
        { external_id: 2, name: 'Zoë' },
        { external_id: '1', name: 'Sean' },
      ],
    };
    expect(await (await post(crm, '/customers/batch', batch)).json()).toEqual({ accepted: 2 });
    await post(crm, '/customers/batch', batch);
    await post(crm, '/customers/batch', { records: [{ external_id: '1', name: 'Seán' }] });
    expect(await (await fetch(`${crm.url}/customers`)).json()).toEqual({
      customers: [
        { external_id: '1', name: 'Seán' },
        { external_id: '2', name: 'Zoë' },
      ],
    });
    await post(crm, '/customers/batch_delete', { records: [{ external_id: '2' }, { external_id: 'none' }] });
    expect(crm.customers()).toEqual([{ external_id: '1', name: 'Seán' }]);
    expect(await (await fetch(`${crm.url}/stats`)).json()).toEqual({
      customers: 1,
      requests: 4,
      upserted: 5,
      deleted: 1,
      repeatedBatches: 1,
      refused: 0,
    });
  });

  test('a broken batch is refused whole', async () => {
    const crm = await start();
    const refused = async (body: unknown): Promise<number> =>
      (await post(crm, '/customers/batch', body)).status;
    expect(await refused('{')).toBe(400);
    expect(await refused({ customers: [] })).toBe(400);
    expect(await refused({ records: [{ external_id: 'a' }, { name: 'nobody' }] })).toBe(422);
    expect(await refused({ records: Array.from({ length: 1001 }, (_, id) => ({ external_id: id })) })).toBe(
      413,
    );
    expect((await fetch(`${crm.url}/nothing`)).status).toBe(404);
    expect(crm.customers()).toEqual([]);
  });

  test('what it acknowledged is there after a restart', async () => {
    const first = await start();
    await post(first, '/customers/batch', { records: [{ external_id: 'a', value: '1.10' }] });
    const stats = first.stats();
    await first.close();
    running.splice(0);
    const second = await start();
    expect(second.customers()).toEqual([{ external_id: 'a', value: '1.10' }]);
    expect(second.stats()).toEqual(stats);
  });

  test('injects limits and failures without taking the batch', async () => {
    const crm = await start({ limitEvery: 2, failEvery: 3 });
    const answers: string[] = [];
    for (let index = 1; index <= 4; index += 1) {
      const response = await post(crm, '/customers/batch', { records: [{ external_id: index }] });
      answers.push(`${response.status} ${response.headers.get('retry-after') ?? '-'}`);
    }
    expect(answers).toEqual(['200 -', '429 1', '500 -', '429 1']);
    expect(crm.customers().map((customer) => customer.external_id)).toEqual(['1']);
    expect(crm.stats().refused).toBe(3);
  });

  test('shows what it received, as text', async () => {
    const crm = await start();
    await post(crm, '/customers/batch', { records: [{ external_id: '1', name: '<script>"&' }] });
    const page = await (await fetch(crm.url)).text();
    expect(page).toContain('1 customers');
    expect(page).toContain('&lt;script&gt;&quot;&amp;');
    expect(page).not.toContain('<script>');
  });
});

describe('crm/server.ts', () => {
  test('keeps what it acknowledged when it is killed', async () => {
    const file = join(folder, 'killed.db');
    const first = await spawnServer(file);
    await post(first, '/customers/batch', { records: [{ external_id: 'a' }] });
    first.process.kill('SIGKILL');
    await once(first.process, 'exit');
    const second = await spawnServer(file);
    expect(await (await fetch(`${second.url}/customers`)).json()).toEqual({
      customers: [{ external_id: 'a' }],
    });
    second.process.kill('SIGTERM');
    expect(await once(second.process, 'exit')).toEqual([0, null]);
  });
});

async function spawnServer(file: string): Promise<{ readonly url: string; readonly process: ChildProcess }> {
  const server = fileURLToPath(new URL('server.ts', import.meta.url));
  const child = spawn(process.execPath, [server, '--port', '0', '--file', file], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  const url = /http:\S+/.exec(line.toString())?.[0];
  if (url === undefined) throw new Error(`the server printed ${line.toString()}`);
  return { url, process: child };
}
