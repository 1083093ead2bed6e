import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import type { Connection } from '../../connector/connection.ts';
import { postgresConnector } from './index.ts';
import { startTlsServer } from './tls-server.fixture.ts';

const never = new AbortController().signal;
const found = await startTlsServer();
const reason = typeof found === 'string' ? found : undefined;
if (reason !== undefined) process.stdout.write(`TLS tests of postgres are skipped: ${reason}\n`);
const open: Connection[] = [];
afterEach(async () => {
  for (const connection of open.splice(0)) await connection.close();
});
afterAll(async () => {
  if (typeof found !== 'string') await found.stop();
});

async function connect(keys: Readonly<Record<string, unknown>>): Promise<Connection> {
  const { port, folder } = typeof found === 'string' ? { port: 0, folder: tmpdir() } : found;
  const config = postgresConnector.config.parse({
    host: 'localhost',
    port,
    user: 'postgres',
    password: 'postgres',
    database: 'postgres',
    ...keys,
  });
  const connection = await postgresConnector.open(config, {
    name: 'SHOP',
    projectFolder: folder,
    temporaryFolder: folder,
    memoryBudgetBytes: 64 * 1024 * 1024,
  });
  open.push(connection);
  return connection;
}

/** Whether the session is encrypted. */
async function isEncrypted(keys: Readonly<Record<string, unknown>>): Promise<unknown> {
  const { database } = await connect(keys);
  const result = await database?.query('select ssl from pg_stat_ssl where pid = pg_backend_pid()');
  return result?.rows[0]?.[0];
}

async function refusal(keys: Readonly<Record<string, unknown>>): Promise<unknown> {
  return connect(keys)
    .then((connection) => connection.check(never))
    .catch((error: unknown) => error);
}

const ca = { sslrootcert: 'ca.pem' };
const client = { sslcert: 'client.pem', sslkey: 'client.key' };

describe.skipIf(reason !== undefined)('TLS with a real server (needs openssl)', () => {
  test.each([
    [{}],
    [{ sslmode: 'allow' }],
    [{ sslmode: 'prefer' }],
    [{ sslmode: 'require' }],
    [{ sslmode: 'require', ...ca }],
    [{ sslmode: 'verify-ca', ...ca }],
    [{ sslmode: 'verify-ca', ...ca, host: '127.0.0.1' }],
    [{ sslmode: 'verify-full', ...ca }],
    [{ sslmode: 'verify-full', cert_ca_file: 'ca.pem' }],
    [{ sslmode: 'verify-full', ...ca, hostaddr: '127.0.0.1' }],
    [{ sslmode: 'verify-full', ...ca, channel_binding: 'prefer' }],
  ])('%j is encrypted', async (keys) => {
    expect(await isEncrypted(keys)).toBe(true);
  });

  test.each([[{ sslmode: 'allow' }], [{ sslmode: 'prefer' }], [{ sslmode: 'disable' }]])(
    '%j goes without TLS where the server wants none',
    async (keys) => {
      expect(await isEncrypted({ ...keys, database: 'plain' })).toBe(false);
    },
  );

  test('several first uses at once agree on the way', async () => {
    const { database } = await connect({ sslmode: 'prefer', database: 'plain' });
    const results = await Promise.all([1, 2, 3, 4].map(async (one) => database?.query(`select ${one}`)));
    expect(results.map((result) => result?.rows[0]?.[0])).toEqual([1, 2, 3, 4]);
  });

  test.each([
    [{ sslmode: 'disable' }, 'login_failed', /sslmode: require/],
    [{ sslmode: 'require', database: 'plain' }, 'login_failed', /wants no TLS/],
    [{ sslmode: 'verify-ca' }, 'certificate_refused', /sslrootcert of SHOP/],
    [{ sslmode: 'verify-ca', sslrootcert: 'other.pem' }, 'certificate_refused', /sslrootcert of SHOP/],
    [{ sslmode: 'require', sslrootcert: 'other.pem' }, 'certificate_refused', /sslrootcert of SHOP/],
    [{ sslmode: 'verify-full', ...ca, host: '127.0.0.1' }, 'certificate_refused', /host of SHOP as its cert/],
    [{ sslmode: 'verify-ca', sslrootcert: 'nowhere.pem' }, 'certificate_missing', /sslrootcert of SHOP/],
    [{ sslmode: 'verify-ca', sslrootcert: '-----BEGIN x' }, 'certificate_invalid', /PEM/],
    [{ database: 'certified' }, 'login_failed', /sslcert and sslkey of SHOP/],
    [{ ...client, sslkey: 'stranger.key' }, 'certificate_invalid', /key of sslcert/],
    [{ sslcert: 'client.pem' }, 'certificate_invalid', /Add sslkey/],
    [{ sslcert: 'client.pem', sslkey: 'locked.key' }, 'certificate_invalid', /sslpassword of SHOP/],
    [
      { sslcert: 'client.pem', sslkey: 'locked.key', sslpassword: 'no' },
      'certificate_invalid',
      /sslpassword/,
    ],
    [
      { database: 'certified', sslcert: 'stranger.pem', sslkey: 'stranger.key' },
      'client_certificate_refused',
      /an authority of the server/,
    ],
  ])('%j is refused with %s', async (keys, code, next) => {
    expect(await refusal(keys)).toMatchObject({ kind: 'config', code, next: expect.stringMatching(next) });
  });

  test('client certificates come from files, from PEM itself, and with a passphrase', async () => {
    const folder = typeof found === 'string' ? '' : found.folder;
    const text = (name: string): Promise<string> => readFile(join(folder, name), 'utf8');
    const database = 'certified';
    expect(await isEncrypted({ ...client, database })).toBe(true);
    expect(await isEncrypted({ cert_file: 'client.pem', cert_key_file: 'client.key', database })).toBe(true);
    const locked = { sslcert: 'client.pem', sslkey: 'locked.key', sslpassword: 'open sesame' };
    expect(await isEncrypted({ ...locked, database })).toBe(true);
    const inline = {
      sslmode: 'verify-full',
      sslrootcert: (await text('ca.pem')).replaceAll('\n', String.raw`\n`),
      sslcert: await text('client.pem'),
      sslkey: await text('client.key'),
    };
    expect(await isEncrypted({ ...inline, database })).toBe(true);
  });

  test('rows are read through TLS', async () => {
    const { source } = await connect({ sslmode: 'verify-full', ...ca });
    const stream = { name: 'numbers', sql: 'select g as n from generate_series(1, 50000) g' };
    const payload = await source?.read({ stream, columns: ['n'], options: {} }, 'columns', never);
    let rows = 0;
    if (payload?.format === 'columns') for await (const batch of payload.batches) rows += batch.rowCount;
    expect(rows).toBe(50_000);
  });

  test('bytes are passed through TLS', async () => {
    const { source, target, database } = await connect({ sslmode: 'require' });
    const stream = {
      name: 'texts',
      sql: 'select repeat(md5(g::text), 20) as t from generate_series(1, 50000) g',
    };
    const payload = await source!.read({ stream, columns: ['t'], options: {} }, 'pg-copy-binary', never);
    const table = { schema: 'public', name: 'texts' };
    const request = { table, schema: payload.schema, onProgress: () => {} };
    expect(await target!.stage(request, payload, never)).toMatchObject({ rows: 50_000 });
    const { rows } = await database!.query(
      `select count(*) from (${stream.sql} except select t from texts) as lost`,
    );
    expect(rows).toEqual([[0]]);
  });

  test('a certificate that has expired is told', async () => {
    if (typeof found === 'string') return;
    await found.show('expired');
    await expect
      .poll(() => refusal({ sslmode: 'verify-full', ...ca }), { timeout: 10_000 })
      .toMatchObject({ code: 'certificate_refused', next: expect.stringMatching(/Renew the certificate/) });
    expect(await isEncrypted({ sslmode: 'require' })).toBe(true);
    await found.show('server');
    await expect
      .poll(() => refusal({ sslmode: 'verify-full', ...ca }), { timeout: 10_000 })
      .toMatch(/PostgreSQL/);
  });

  test('a role is taken after the login, and one that is missing is told', async () => {
    if (typeof found === 'string') return;
    await found.query('create role clerk');
    const { database } = await connect({ role: 'clerk', options: '-c statement_timeout=1234' });
    const result = await database?.query(`select current_user::text, current_setting('statement_timeout')`);
    expect(result?.rows).toEqual([['clerk', '1234ms']]);
    expect(await refusal({ role: 'nobody' })).toMatchObject({ kind: 'config', code: 'role_missing' });
  });
});
