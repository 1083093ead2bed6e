import { createHmac } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import type { Connection } from '../../../connector/connection.ts';
import { MillraceError } from '../../../core/errors.ts';
import { createTestDatabase } from '../../../../test/support/postgres-database.ts';
import { startMariaDb } from '../../../../test/support/mariadb-server.ts';
import { startPasswordServer } from '../../../../test/support/ssh-password-server.ts';
import { startSshServer } from '../../../../test/support/ssh-server.ts';
import { ConnectionPool } from '../connection-pool.ts';

const folder = await mkdtemp(join(tmpdir(), 'millrace-tunnel-'));
const database = await createTestDatabase();
const ssh = await startSshServer();
const pools: ConnectionPool[] = [];
afterAll(async () => {
  for (const pool of pools) await pool.close();
  await database.drop();
  await ssh?.stop();
  await rm(folder, { recursive: true, force: true });
});

const passphrase = 'open sesame';
const otherKey = `ssh-ed25519 ${Buffer.concat([
  Buffer.from('0000000b', 'hex'),
  Buffer.from('ssh-ed25519'),
  Buffer.from('00000020', 'hex'),
  Buffer.alloc(32, 7),
]).toString('base64')}`;

/** As `HashKnownHosts yes` writes it. */
function hashedName(name: string): string {
  const salt = Buffer.alloc(20, 3);
  return `|1|${salt.toString('base64')}|${createHmac('sha1', salt).update(name).digest('base64')}`;
}

function pool(config: Readonly<Record<string, unknown>>): ConnectionPool {
  const declaration = {
    name: 'DB',
    type: 'postgres',
    config,
    url: database.url,
    origin: { file: 'connections.yaml' },
  };
  const made = new ConnectionPool(new Map([['DB', declaration]]), {
    projectFolder: folder,
    temporaryFolder: folder,
    memoryBudgetBytes: 100_000_000,
  });
  pools.push(made);
  return made;
}

async function one(connection: Connection): Promise<unknown> {
  return (await connection.database?.query('select 1 + 1'))?.rows[0]?.[0];
}

function refusal(config: Readonly<Record<string, unknown>>): Promise<MillraceError> {
  return failureOf(pool(config).get('DB'));
}

async function failureOf(work: Promise<unknown> | undefined): Promise<MillraceError> {
  const error: unknown = await (work ?? Promise.resolve()).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (error instanceof MillraceError) return error;
  throw new Error('expected a MillraceError', { cause: error });
}

describe.skipIf(ssh === undefined)('a connection through a real SSH server (needs openssh-server)', () => {
  const url = `ssh://${ssh?.user}@127.0.0.1:${ssh?.port}`;
  const key = { ssh_private_key: ssh?.keyFile, ssh_passphrase: passphrase };

  test('signs in by key and passphrase, and comes out at the database', async () => {
    const connection = await pool({ ssh_tunnel: url, ssh_host_key: ssh?.hostKey, ...key }).get('DB');
    expect(await one(connection)).toBe(2);
  });

  test('jumps over another host', async () => {
    const connection = await pool({ ssh_tunnel: [url, url], ...key }).get('DB');
    expect(await one(connection)).toBe(2);
  });

  test('carries MariaDB as well', async ({ skip }) => {
    const mariadb = await startMariaDb();
    if ('skip' in mariadb) return skip(mariadb.reason);
    try {
      const declaration = {
        name: 'MARIA',
        type: 'mysql',
        config: { ssh_tunnel: url, ...key },
        url: mariadb.url,
        origin: { file: 'connections.yaml' },
      };
      const made = new ConnectionPool(new Map([['MARIA', declaration]]), {
        projectFolder: folder,
        temporaryFolder: folder,
        memoryBudgetBytes: 100_000_000,
      });
      expect(await one(await made.get('MARIA'))).toBe(2);
      await made.close();
    } finally {
      await mariadb.stop();
    }
  });

  test('is made anew after it was lost', async () => {
    const connection = await pool({ ssh_tunnel: url, ...key }).get('DB');
    expect(await one(connection)).toBe(2);
    await ssh?.dropConnections();
    // The session that was lost with the tunnel may fail once; that is an error to retry.
    const again = await one(connection).catch((error: unknown) => {
      expect(error).toMatchObject({ kind: 'transient' });
      return one(connection);
    });
    expect(again).toBe(2);
  });

  test('tells a refused sign-in, another host key, an unreachable host and a database that is not there', async () => {
    expect(
      await refusal({ ssh_tunnel: `ssh://${ssh?.user}:wrong-password@127.0.0.1:${ssh?.port}` }),
    ).toMatchObject({
      kind: 'config',
      code: 'ssh_login_failed',
    });
    expect(await refusal({ ssh_tunnel: url, ...key, ssh_passphrase: 'wrong' })).toMatchObject({
      code: 'ssh_login_failed',
    });
    expect(await refusal({ ssh_tunnel: url, ...key, ssh_host_key: 'SHA256:other' })).toMatchObject({
      code: 'ssh_host_key_mismatch',
    });
    expect(await refusal({ ssh_tunnel: 'ssh://me@127.0.0.1:1' })).toMatchObject({
      kind: 'transient',
      code: 'ssh_unreachable',
    });
    expect(await refusal({ ssh_tunnel: 'me@host' })).toMatchObject({ code: 'ssh_tunnel_invalid' });
  });

  test('known hosts are verified, at every hop', async () => {
    const write = async (name: string, text: string): Promise<string> => {
      await writeFile(join(folder, name), text);
      return name;
    };
    const place = `[127.0.0.1]:${ssh?.port}`;
    const good = await write(
      'good',
      `# a comment\nexample.com ssh-rsa AAAA\n${place} ${ssh?.publicHostKey}\n`,
    );
    const hashed = await write('hashed', `${hashedName(place)} ${ssh?.publicHostKey}\n`);
    const other = await write('other', `${place} ${otherKey}\n`);
    const revoked = await write('revoked', `@revoked ${place} ${ssh?.publicHostKey}\n`);
    const empty = await write('empty', '');
    for (const file of [good, hashed]) {
      const connection = await pool({ ssh_tunnel: [url, url], ssh_known_hosts: file, ...key }).get('DB');
      expect(await one(connection)).toBe(2);
    }
    const refused = (file: string, strict?: boolean): Promise<MillraceError> =>
      refusal({ ssh_tunnel: url, ssh_known_hosts: file, ssh_strict_host_key: strict, ...key });
    expect(await refused(other)).toMatchObject({ code: 'ssh_host_key_mismatch' });
    expect(await refused(revoked)).toMatchObject({ code: 'ssh_host_key_mismatch' });
    expect(await refused(empty)).toMatchObject({
      code: 'ssh_host_unknown',
      message: expect.stringContaining(ssh?.hostKey ?? 'no key'),
      next: expect.stringContaining(`ssh-keyscan -p ${ssh?.port} 127.0.0.1`),
    });
    expect(await refused(join(folder, 'nowhere'))).toMatchObject({ code: 'ssh_known_hosts_unreadable' });
    // Hosts that are known must be what is known, also where others are let in.
    expect(await refused(other, false)).toMatchObject({ code: 'ssh_host_key_mismatch' });
    const lenient = await pool({ ssh_tunnel: url, ssh_known_hosts: empty, ssh_strict_host_key: false, ...key }).get('DB'); // prettier-ignore
    expect(await one(lenient)).toBe(2);
  });

  test('a tunnel that is lost in the middle of a statement is an error to retry', async () => {
    const connection = await pool({ ssh_tunnel: url, ...key }).get('DB');
    expect(await one(connection)).toBe(2);
    const long = connection.database?.query('select pg_sleep(60)');
    const lost = expect(long).rejects.toMatchObject({ kind: 'transient', code: 'connection_lost' });
    await ssh?.dropConnections();
    await lost;
  });

  test('messages name the database and the way to it, and what of the way is broken', async () => {
    const connection = await pool({ ssh_tunnel: url, ...key }).get('DB');
    const far = new URL(database.url);
    const { message } = await failureOf(connection.database?.query('select nothing_there'));
    expect(message).toContain(`(${far.hostname}:${far.port}${far.pathname} through the SSH server `);
    expect(message).toContain(`@127.0.0.1:${ssh?.port})`);
    const lonely = await pool({ ssh_tunnel: url, ...key, host: '127.0.0.1', port: 1 }).get('DB');
    expect(await failureOf(one(lonely))).toMatchObject({
      kind: 'transient',
      code: 'ssh_forward_failed',
      message: expect.stringContaining('cannot reach 127.0.0.1:1'),
    });
  });

  test('no message holds the password or the passphrase', async () => {
    const error = await refusal({
      ssh_tunnel: `ssh://${ssh?.user}:wrong-password@127.0.0.1:${ssh?.port}`,
      ssh_passphrase: 'wrong-phrase',
    });
    expect(JSON.stringify([error.message, error.next, error.state])).not.toMatch(/wrong-/);
  });
});

describe('a connection through an SSH server with passwords', () => {
  test.each([['password'], ['keyboard-interactive']] as const)('signs in by %s', async (method) => {
    const server = await startPasswordServer(method, { user: 'me', password: 'p@ss/word' });
    try {
      const url = `ssh://me:${encodeURIComponent('p@ss/word')}@127.0.0.1:${server.port}`;
      expect(await one(await pool({ ssh_tunnel: url }).get('DB'))).toBe(2);
      expect(await refusal({ ssh_tunnel: `ssh://me:wrong@127.0.0.1:${server.port}` })).toMatchObject({
        code: 'ssh_login_failed',
      });
    } finally {
      for (const made of pools.splice(0)) await made.close();
      await server.stop();
    }
  });

  test('that is down is named, and not the port of this machine', async () => {
    const server = await startPasswordServer('password', { user: 'me', password: 'secret' });
    const connection = await pool({ ssh_tunnel: `ssh://me:secret@127.0.0.1:${server.port}` }).get('DB');
    expect(await one(connection)).toBe(2);
    await server.stop();
    const errors = [await failureOf(one(connection)), await failureOf(one(connection))];
    const way = `through the SSH server me@127.0.0.1:${server.port}`;
    for (const { code, message } of errors)
      expect(message).toContain(
        code === 'connection_lost' ? way : `the SSH server me@127.0.0.1:${server.port}`,
      );
    expect(errors[1]).toMatchObject({ kind: 'transient', code: 'ssh_unreachable' });
  });
});
