import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { chmod, chown, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import mysql from 'mysql2/promise';
import { freePort } from './free-port.ts';

/** A running MariaDB of one's own, with an empty database `shop`; or a MySQL, see `useServer`. */
export interface MariaDbServer {
  readonly isMariaDb: boolean;
  /** A URL of a user who may do everything, with the password in it; its path names `shop`. */
  readonly url: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  /** Runs one statement after another on one session. */
  run(...statements: readonly string[]): Promise<void>;
  rows(sql: string): Promise<readonly (readonly unknown[])[]>;
  stop(): Promise<void>;
}

/** Why there is no MariaDB here. */
export interface MariaDbMissing {
  readonly skip: true;
  readonly reason: string;
}

const packageManager = 'apt-get';
const packageName = 'mariadb-server';
const startSeconds = 60;
const user = 'mill';
/** What a URL must escape, so that a forgotten escape is seen. */
const password = 'p@ss/w:rd%20';

/** The numbers that MariaDB has by itself as `seq_1_to_1000`. */
function sequence(last: number): string {
  const places = Array.from(String(last - 1)).map((_, place) => `digits as d${place}`);
  const value = places.map((_, place) => `${10 ** place} * d${place}.d`).join(' + ');
  return `create table seq_1_to_${last} as select ${value} + 1 as seq from ${places.join(', ')} where ${value} < ${last}`;
}

/**
 * A database of one's own on the server that `TEST_MYSQL_URL` names, such as a MySQL: its user may create databases and
 * users. What is of MariaDB alone (types, statements, a server without TLS) is not tested there.
 */
async function useServer(given: string): Promise<MariaDbServer> {
  const { hostname, port, username, password: secret } = new URL(given);
  const root = await mysql.createConnection({
    host: hostname,
    port: Number(port),
    user: decodeURIComponent(username),
    password: decodeURIComponent(secret),
  });
  for (const sql of [
    'drop database if exists shop',
    'create database shop character set utf8mb4',
    `create user if not exists '${user}'@'127.0.0.1' identified by '${password}'`,
    `grant all on *.* to '${user}'@'127.0.0.1' with grant option`,
    'use shop',
    'create table digits (d int)',
    'insert into digits values (0), (1), (2), (3), (4), (5), (6), (7), (8), (9)',
    ...[1000, 20_000, 100_000, 200_000, 1_000_000].map(sequence),
  ])
    await root.query(sql);
  return {
    ...(await sessionOf(root, Number(port))),
    stop: async () => root.destroy(),
  };
}

/**
 * Starts a server in a temporary folder on a free port. A root user's server runs as `mysql`; where the program
 * is missing, root installs Debian's package and others are told to.
 * @param flags of the server, such as `--innodb-buffer-pool-size=1G`
 */
export async function startMariaDb(...flags: readonly string[]): Promise<MariaDbServer | MariaDbMissing> {
  const given = process.env['TEST_MYSQL_URL'];
  if (given !== undefined && flags.length === 0) return await useServer(given);
  const isRoot = process.getuid?.() === 0;
  if (findProgram('mariadbd') === undefined && isRoot) installPackage();
  const [daemon, installer] = [findProgram('mariadbd'), findProgram('mariadb-install-db')];
  if (daemon === undefined || installer === undefined)
    return { skip: true, reason: `MariaDB is missing: ${packageManager} install ${packageName}` };

  const folder = await mkdtemp(join(tmpdir(), 'millrace-mariadb-'));
  await chmod(folder, 0o755);
  if (isRoot) await chown(folder, idOf('-u'), idOf('-g'));
  const data = join(folder, 'data');
  const asUser = isRoot ? ['--user=mysql'] : [];
  execFileSync(
    installer,
    [
      '--no-defaults',
      ...asUser,
      `--datadir=${data}`,
      '--auth-root-authentication-method=normal',
      '--skip-test-db',
    ],
    { stdio: 'ignore' },
  );
  const port = await freePort();
  const daemonProcess = spawn(
    daemon,
    [
      '--no-defaults', ...asUser, `--datadir=${data}`, `--socket=${join(folder, 'socket')}`, `--port=${port}`,
      `--pid-file=${join(folder, 'pid')}`, `--tmpdir=${folder}`, '--bind-address=127.0.0.1', '--skip-name-resolve', '--local-infile=1',
      '--innodb-flush-log-at-trx-commit=0', '--innodb-fast-shutdown=2', '--max-allowed-packet=256M',
      `--log-error=${join(folder, 'log')}`, ...flags,
    ], // prettier-ignore
    { stdio: 'ignore' },
  );
  const killAtExit = (): void => void daemonProcess.kill('SIGKILL');
  process.once('exit', killAtExit);
  const root = await firstSession(join(folder, 'socket'), daemonProcess, join(folder, 'log'));
  for (const sql of [
    'create database shop character set utf8mb4',
    `create user '${user}'@'127.0.0.1' identified by '${password}'`,
    `grant all on *.* to '${user}'@'127.0.0.1' with grant option`,
  ])
    await root.query(sql);
  await root.query('use shop');
  return {
    ...(await sessionOf(root, port)),
    stop: async () => {
      process.off('exit', killAtExit);
      root.destroy();
      if (daemonProcess.exitCode === null) {
        daemonProcess.kill('SIGTERM');
        await once(daemonProcess, 'exit');
      }
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function sessionOf(root: mysql.Connection, port: number): Promise<Omit<MariaDbServer, 'stop'>> {
  const [[version]] = await root.query<mysql.RowDataPacket[]>('select version() as text');
  return {
    isMariaDb: /mariadb/i.test(String(version?.['text'])),
    url: `mysql://${user}:${encodeURIComponent(password)}@127.0.0.1:${port}/shop`,
    port,
    user,
    password,
    run: async (...statements) => {
      for (const sql of statements) await root.query(sql);
    },
    rows: async (sql) => {
      const [rows] = await root.query({ sql, rowsAsArray: true });
      return rows as unknown[][];
    },
  };
}

async function firstSession(
  socketPath: string,
  daemonProcess: ChildProcess,
  log: string,
): Promise<mysql.Connection> {
  const deadline = Date.now() + startSeconds * 1000;
  while (true) {
    try {
      return await mysql.createConnection({ socketPath, user: 'root' });
    } catch (error) {
      if (daemonProcess.exitCode !== null || Date.now() > deadline)
        throw new Error(`MariaDB does not start:\n${await readFile(log, 'utf8')}`, { cause: error });
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

function findProgram(name: string): string | undefined {
  const folders = [...(process.env['PATH'] ?? '').split(':'), '/usr/sbin', '/usr/local/sbin'];
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path));
}

function installPackage(): void {
  try {
    execFileSync(packageManager, ['install', '-y', '--no-install-recommends', packageName], {
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
      stdio: 'ignore',
    });
  } catch {
    // The caller sees that the program is still missing, and says so.
  }
}

function idOf(option: '-u' | '-g'): number {
  return Number(execFileSync('id', [option, 'mysql'], { encoding: 'utf8' }));
}
