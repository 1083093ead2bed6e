import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import {
  type MariaDbMissing,
  type MariaDbServer,
  startMariaDb,
} from '../../../test/support/mariadb-server.ts';
import type { Connection } from '../../connector/index.ts';
import { mysqlConnector } from './index.ts';

const opensslProgram = 'openssl';
const never = new AbortController().signal;
const folder = await mkdtemp(join(tmpdir(), 'millrace-mysql-tls-'));
const found = await startWithTls();
const skip = 'skip' in found;
if (skip) process.stdout.write(`TLS tests of mysql are skipped: ${found.reason}\n`);

afterAll(async () => {
  if (!('skip' in found)) await found.stop();
  await rm(folder, { recursive: true, force: true });
});

/** A server whose certificate is for `localhost`, signed by an authority of its own. */
async function startWithTls(): Promise<MariaDbServer | MariaDbMissing> {
  const hasOpenssl = (process.env['PATH'] ?? '')
    .split(':')
    .some((path) => existsSync(join(path, opensslProgram)));
  if (!hasOpenssl) return { skip: true, reason: 'openssl is missing: apt-get install openssl' };
  const openssl = (...args: readonly string[]): void =>
    void execFileSync(opensslProgram, args, { cwd: folder, stdio: 'ignore' });
  for (const name of ['ca', 'other'])
    openssl('req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', `${name}.key`, '-out', `${name}.pem`, '-days', '2', '-subj', `/CN=${name}`); // prettier-ignore
  openssl(
    'req',
    '-newkey',
    'rsa:2048',
    '-nodes',
    '-keyout',
    'server.key',
    '-out',
    'server.csr',
    '-subj',
    '/CN=localhost',
  );
  openssl(
    'x509',
    '-req',
    '-in',
    'server.csr',
    '-CA',
    'ca.pem',
    '-CAkey',
    'ca.key',
    '-CAcreateserial',
    '-out',
    'server.pem',
    '-days',
    '2',
  );
  await chmod(folder, 0o755);
  await chmod(join(folder, 'server.key'), 0o644);
  return await startMariaDb(
    `--ssl-ca=${join(folder, 'ca.pem')}`,
    `--ssl-cert=${join(folder, 'server.pem')}`,
    `--ssl-key=${join(folder, 'server.key')}`,
    '--require-secure-transport=on',
  );
}

async function open(config: Readonly<Record<string, unknown>>): Promise<Connection> {
  if ('skip' in found) throw new Error(found.reason);
  const keys = { ...mysqlConnector.parseUrl(found.url), ...config };
  return await mysqlConnector.open(mysqlConnector.config.parse(keys), {
    name: 'SHOP',
    projectFolder: folder,
    temporaryFolder: folder,
    memoryBudgetBytes: 64 * 1024 * 1024,
  });
}

test
  .skipIf(skip)
  .each([
    [{}],
    [{ sslmode: 'require' }],
    [{ sslmode: 'REQUIRED' }],
    [{ sslmode: 'verify_identity', sslrootcert: 'ca.pem', host: 'localhost' }],
    [{ sslmode: 'verify-ca', sslrootcert: 'ca.pem' }],
    [{ sslmode: 'verify-full', sslrootcert: 'ca.pem', host: 'localhost' }],
    [{ sslmode: 'verify-full', cert_ca_file: 'ca.pem', host: 'localhost' }],
  ])('%j reads over TLS', async (config) => {
  const shop = await open(config);
  try {
    const { rows } = await shop.database!.query("show status like 'Ssl_cipher'");
    expect(rows[0]?.[1]).toMatch(/AES|CHACHA/);
    const sql = "select seq, repeat('x', 100) as filler from seq_1_to_100000";
    const stream = { name: 'q', sql };
    const payload = await shop.source!.read(
      { stream, columns: ['seq', 'filler'], options: {} },
      'columns',
      never,
    );
    if (payload.format !== 'columns') throw new Error('no columns');
    let count = 0;
    for await (const batch of payload.batches) count += batch.rowCount;
    expect(count).toBe(100_000);
  } finally {
    await shop.close();
  }
});

test.skipIf(skip).each([
  [{ sslmode: 'verify-ca', sslrootcert: 'other.pem' }, 'certificate_refused'],
  [{ sslmode: 'verify-ca' }, 'certificate_refused'],
  [{ sslmode: 'require', sslrootcert: 'other.pem' }, 'certificate_refused'],
  [{ sslmode: 'disable' }, 'login_failed'],
])('%j is refused as %s', async (config, code) => {
  const shop = await open(config);
  try {
    await expect(shop.check(never)).rejects.toMatchObject({ kind: 'config', code });
  } finally {
    await shop.close();
  }
});

test.skipIf(skip)('an authority written into the connection, its line ends too', async () => {
  const pem = await readFile(join(folder, 'ca.pem'), 'utf8');
  for (const sslrootcert of [pem, pem.replaceAll('\n', '\\n')]) {
    const shop = await open({ sslmode: 'verify-full', sslrootcert, host: 'localhost' });
    await expect(shop.check(never)).resolves.toContain('MariaDB');
    await shop.close();
  }
});

test.skipIf(skip)('a user who must show a certificate, who also loads over TLS', async () => {
  if ('skip' in found) return;
  const client = [
    '-newkey',
    'rsa:2048',
    '-nodes',
    '-keyout',
    'client.key',
    '-out',
    'client.csr',
    '-subj',
    '/CN=client',
  ];
  for (const args of [
    ['req', ...client],
    ['x509', '-req', '-in', 'client.csr', '-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-out', 'client.pem', '-days', '2'],
  ])
    execFileSync(opensslProgram, args, { cwd: folder, stdio: 'ignore' }); // prettier-ignore
  await found.run(
    "create user 'shown'@'127.0.0.1' identified by 'x' require x509",
    "grant all on shop.* to 'shown'@'127.0.0.1'",
  );
  const user = { user: 'shown', password: 'x', sslmode: 'verify-ca', sslrootcert: 'ca.pem' };
  const without = await open(user);
  await expect(without.check(never)).rejects.toMatchObject({ code: 'login_failed' });
  await without.close();
  const shop = await open({ ...user, sslcert: 'client.pem', sslkey: 'client.key' });
  try {
    const rows = 3000;
    const schema = {
      columns: [{ name: 't', type: { type: 'text' }, nullable: true }],
      primaryKey: [],
    } as const;
    const data = Buffer.alloc(rows * 1000, 'x');
    const starts = Uint32Array.from({ length: 1000 }, (_, row) => row * 1000);
    const vector = { kind: 'bytes', data, starts, ends: starts.map((start) => start + 1000) } as const;
    const batches = async function* () {
      for (let batch = 0; batch < rows / 1000; batch += 1) yield { rowCount: 1000, vectors: [vector] };
    };
    const request = { table: { schema: 'shop', name: 'over_tls' }, schema, onProgress: () => {} };
    const payload = { format: 'columns', schema, batches: batches() } as const;
    expect(await shop.target!.stage(request, payload, never)).toMatchObject({ rows });
    const { rows: counted } = await shop.database!.query('select count(*), sum(length(t)) from over_tls');
    expect(counted[0]?.map(Number)).toEqual([rows, rows * 1000]);
  } finally {
    await shop.close();
  }
});

test('an address cannot be verified in full, since the driver would take it for localhost', async () => {
  const config = mysqlConnector.config.parse({ host: '127.0.0.1', user: 'mill', sslmode: 'verify-full' });
  const environment = { name: 'SHOP', projectFolder: folder, temporaryFolder: folder, memoryBudgetBytes: 1 };
  await expect(mysqlConnector.open(config, environment)).rejects.toMatchObject({ code: 'host_not_a_name' });
});
