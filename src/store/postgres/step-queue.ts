import { setTimeout as sleep } from 'node:timers/promises';
import { Logger, runMigrations, runTaskList, type TaskList } from 'graphile-worker';
import pg from 'pg';
import type { QueueOptions, StepJob, StepQueue } from '../../core/dispatch.ts';
import type { LedgerAddress } from './connection-url.ts';
import { ledgerError } from './error.ts';
import { queueSchema, taskName } from './job-names.ts';

/** One listens, the others fetch and end jobs. */
const maxConnections = 3;
/** Jobs are told of; this is for what was missed while the server was away. */
const pollMilliseconds = 1000;
const restPollMilliseconds = 5;
const restPatienceMilliseconds = 5000;

const silent = new Logger(() => () => undefined);

/** Makes the queue's tables, or brings them forward. */
export async function prepareQueue(address: LedgerAddress): Promise<void> {
  const pgPool = openPool(address);
  try {
    await runMigrations({ pgPool, schema: queueSchema(address.schema), logger: silent });
  } catch (error) {
    throw ledgerError(error, address.name);
  } finally {
    await pgPool.end();
  }
}

/** See `StepDispatch.openQueue`. Jobs that `work` throws for are tried again later. */
export async function openQueue(
  address: LedgerAddress,
  options: QueueOptions,
  work: (job: StepJob) => Promise<void>,
): Promise<StepQueue> {
  const pgPool = openPool(address);
  const logger = new Logger(() => (level, message) => {
    if (level === 'error') options.onTrouble(message);
  });
  const tasks: TaskList = Object.fromEntries(
    options.needs.map((need) => [taskName(need), (payload: unknown) => work(payload as StepJob)]),
  );
  const workers = runTaskList(
    {
      pgPool,
      schema: queueSchema(address.schema),
      logger,
      noHandleSignals: true,
      concurrency: options.concurrency,
      pollInterval: pollMilliseconds,
    },
    tasks,
    pgPool,
  );
  workers.promise.catch((error: unknown) => options.onTrouble(String(error)));
  return {
    name: workers.id,
    stop: async () => {
      try {
        await workers.gracefulShutdown();
      } catch (error) {
        options.onTrouble(String(error));
      }
      await untilAtRest(pgPool);
      await pgPool.end();
    },
  };
}

/**
 * Waits for the ends of jobs that are still to be written: the library does not, and whoever waits for a connection of a pool that
 * is ended waits in vain.
 */
async function untilAtRest(pool: pg.Pool): Promise<void> {
  const startedAtMs = performance.now();
  do await sleep(restPollMilliseconds);
  while (
    (pool.waitingCount > 0 || pool.idleCount < pool.totalCount) &&
    performance.now() - startedAtMs < restPatienceMilliseconds
  );
}

/**
 * Fetching and ending a job need not be on disk at once: what a failing server forgets of it is fetched again, and then refused by
 * the ledger, which says who has a step.
 */
function openPool(address: LedgerAddress): pg.Pool {
  const { options: given = '', ...client } = address.client;
  const pool = new pg.Pool({
    ...client,
    application_name: 'millrace queue',
    options: `${given} -c synchronous_commit=off`,
    max: maxConnections,
  });
  pool.on('error', () => undefined);
  pool.on('connect', (connection) => connection.on('error', () => undefined));
  return pool;
}
