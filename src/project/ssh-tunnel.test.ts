import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import type { Connection } from '../connector/connection.ts';
import { MillraceError } from '../core/errors.ts';
import { createTestDatabase } from '../../test/support/postgres-database.ts';
import { startMariaDb } from '../../test/support/mariadb-server.ts';
import { startSshServer } from '../../test/support/ssh-server.ts';
import { ConnectionPool } from './connection-pool.ts';

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

async function refusal(config: Readonly<Record<string, unknown>>): Promise<MillraceError> {
  const error: unknown = await pool(config)
    .get('DB')
    .then(
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

  test('no message holds the password or the passphrase', async () => {
    const error = await refusal({
      ssh_tunnel: `ssh://${ssh?.user}:wrong-password@127.0.0.1:${ssh?.port}`,
      ssh_passphrase: 'wrong-phrase',
    });
    expect(JSON.stringify([error.message, error.next, error.state])).not.toMatch(/wrong-/);
  });
});
