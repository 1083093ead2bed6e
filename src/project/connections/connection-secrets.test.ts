import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { checkDeclarations } from './connection-settings.ts';
import { withSecrets } from './connection-secrets.ts';
import type { ConnectionDeclaration } from './connections-file.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-secrets-'));
  await writeFile(join(folder, 'pw'), 'p@ss/word\n');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

function shop(config: Readonly<Record<string, unknown>>, url?: string): ConnectionDeclaration {
  return { name: 'SHOP', type: 'postgres', config, url, origin: { file: 'connections.yaml' } };
}

async function resolved(declaration: ConnectionDeclaration, environment: Record<string, string> = {}) {
  const secrets: string[] = [];
  const places = { projectFolder: folder, environment, onSecret: (secret: string) => secrets.push(secret) };
  return { ...(await withSecrets(declaration, places)), secrets };
}

const allowed = { MILLRACE_ALLOW_COMMANDS: 'true', ...process.env } as Record<string, string>;

test('secrets come from files, without the end of their line', async () => {
  const expected = { config: { host: 'db', password: 'p@ss/word' }, secrets: ['p@ss/word'] };
  expect(await resolved(shop({ host: 'db', password: '${file:pw}' }))).toMatchObject(expected);
  expect(await resolved(shop({ host: 'db', password_file: join(folder, 'pw') }))).toMatchObject(expected);
  const nested = await resolved(shop({ headers: { 'X-Key': 'Bearer ${file:pw}' } }));
  expect(nested.config).toEqual({ headers: { 'X-Key': 'Bearer p@ss/word' } });
});

test('within a URL a secret is encoded, a whole URL is not', async () => {
  await writeFile(join(folder, 'dsn'), 'postgres://me:x%40y@db/shop');
  expect((await resolved(shop({}, 'postgres://me:${file:pw}@db/shop'))).url).toBe(
    'postgres://me:p%40ss%2Fword@db/shop',
  );
  expect((await resolved(shop({}, '${file:dsn}'))).url).toBe('postgres://me:x%40y@db/shop');
});

test('a command gives a secret where commands are allowed, and runs nowhere else', async () => {
  const declaration = shop({ password: '${command:touch ran; printf %s "$WORD"}' });
  await expect(resolved(declaration, { WORD: 'sesame' })).rejects.toMatchObject({
    code: 'commands_not_allowed',
  });
  await expect(resolved(shop({ password: '${file:ran}' }))).rejects.toMatchObject({
    code: 'secret_unreadable',
  });
  const { config, secrets } = await resolved(declaration, { ...allowed, WORD: 'sesame' });
  expect([config['password'], secrets]).toEqual(['sesame', ['sesame']]);
});

test('what a failing command prints is not repeated', async () => {
  const failing = shop({ password: '${command:echo sesame; echo sesame >&2; exit 7}' });
  const error: unknown = await resolved(failing, allowed).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ kind: 'transient', message: expect.stringContaining('ended with 7') });
  const { message, next, state, cause } = error as Error & { next?: string; state?: string };
  expect(JSON.stringify([message, next, state, cause])).not.toContain('sesame');
});

test('a file that is missing or empty is an error that names it', async () => {
  await writeFile(join(folder, 'empty'), '\n');
  await expect(resolved(shop({ password: '${file:nowhere}' }))).rejects.toThrow(/password names .*nowhere/);
  await expect(resolved(shop({ password: '${file:empty}' }))).rejects.toMatchObject({ code: 'secret_empty' });
  await expect(resolved(shop({ password: 'x', password_file: 'pw' }))).rejects.toThrow(/both given/);
});

test('checking the settings reads no secret', async () => {
  const user = { user: 'me', password: '${command:touch ran}' };
  await checkDeclarations([shop(user), shop({}, 'postgres://me:${file:nowhere/at all}@db/shop')]);
  await expect(checkDeclarations([shop({ ...user, hots: 'x' })])).rejects.toThrow(/did you mean 'host'/);
  await expect(resolved(shop({ password: '${file:ran}' }))).rejects.toMatchObject({
    code: 'secret_unreadable',
  });
});

test.each([
  ['proxy_url', /ssh_tunnel/],
  ['use_adbc', /COPY BINARY/],
])('%s is refused with what to do instead', async (key, next) => {
  await expect(checkDeclarations([shop({ user: 'me', [key]: 'x' })])).rejects.toMatchObject({
    issues: [{ code: 'not_yet_supported', next: expect.stringMatching(next) }],
  });
});

test('keys of Sling that choose a way of loading are accepted', async () => {
  await checkDeclarations([shop({ user: 'me', use_bulk: true, copy_method: 'csv_http', role: 'r' })]);
});
