import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { RunStore } from '../../src/core/ports.ts';
import { createEngine } from '../../src/engine/index.ts';
import { assets, load } from './graphs.ts';

/**
 * Seconds from the moment at which the owner of a ledger is killed, or stands still, until another goes on with its run.
 * @param place path of an SQLite ledger, or URL of PostgreSQL
 */
export async function ownerTakeoverSeconds(
  place: string,
  schema: string,
  open: () => Promise<RunStore>,
  leaseSeconds: number,
  signal: 'SIGSTOP' | 'SIGKILL',
): Promise<number> {
  const script = join(import.meta.dirname, 'owner-process.ts');
  const args = ['--conditions=@millrace/source', script, place, schema, String(leaseSeconds)];
  const owner = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(createInterface(owner.stdout), 'line');
  const store = await open();
  const definitions = load(assets(1, 'wide'));
  const begun = Promise.withResolvers<number>();
  const other = createEngine({
    store,
    executors: [
      {
        name: 'no-op',
        execute: async () => {
          begun.resolve(performance.now());
          return Promise.resolve({ metadata: {} });
        },
      },
    ],
    definitions: () => ({ ...definitions, schedules: [] }),
    leaseSeconds,
  });
  await other.start();
  const startedAtMs = performance.now();
  owner.kill(signal);
  const tookMs = (await begun.promise) - startedAtMs;
  owner.kill('SIGKILL');
  await other.shutdown('finish');
  await store.close();
  return tookMs / 1000;
}
