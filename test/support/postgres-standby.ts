import { execFile } from 'node:child_process';
import { appendFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { freePort } from './free-port.ts';
import { forTests, makePostgres, postgresIn, postgresUrl } from './own-postgres.ts';

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
  const primary = await makePostgres('standby');
  const standbyFolder = join(primary.folder, 'standby');
  await primary.start();
  await primary.stop();
  await promisify(execFile)('cp', ['-a', primary.data, standbyFolder]);
  await writeFile(join(standbyFolder, 'standby.signal'), '');
  await appendFile(
    join(standbyFolder, 'postgresql.auto.conf'),
    `primary_conninfo = 'host=127.0.0.1 port=${primary.port} user=postgres password=postgres'\n`,
  );
  const standbyPort = await freePort();
  const standby = postgresIn(standbyFolder, standbyPort, [
    ...forTests,
    ...['-c', 'hot_standby=on', '-c', 'hot_standby_feedback=off'],
    ...['-c', `max_standby_streaming_delay=${Math.round(graceSeconds * 1000)}ms`],
  ]);
  await primary.start();
  // Its promise waits for a message that only a primary writes.
  standby.start().catch(() => undefined);
  const standbyUrl = postgresUrl(standbyPort);
  await answers(standbyUrl);
  return {
    primaryUrl: primary.url,
    standbyUrl,
    stop: async () => {
      await standby.stop();
      await primary.remove();
    },
  };
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
