import type { StepDispatch } from '../../core/dispatch.ts';
import { createOfferWriter, askToStop, releaseStep, takeStep, withdrawStep } from './offers.ts';
import type { ChangeFeed } from './change-feed.ts';
import { progressChannelOf } from './job-names.ts';
import type { LedgerServer } from './server.ts';
import {
  drainWorker,
  joinWorkers,
  leaveWorkers,
  listWorkers,
  renewWorker,
  retireWorkers,
} from './workers.ts';

/** A notification holds less than 8000 bytes: https://www.postgresql.org/docs/current/sql-notify.html */
const mostProgressLength = 2000;

/** Steps for workers, on a queue of graphile-worker beside the ledger. What the queue needs is loaded with its first use. */
export function createDispatch(server: LedgerServer, feed: ChangeFeed): StepDispatch {
  const { schema } = server.address;
  const offerStep = createOfferWriter(server);
  let preparing: Promise<void> | undefined;
  const prepare = async (): Promise<void> => {
    const { prepareQueue } = await import('./step-queue.ts');
    await prepareQueue(server.address);
  };
  const prepared = (): Promise<void> => {
    preparing ??= prepare().catch((error: unknown) => {
      preparing = undefined;
      throw error;
    });
    return preparing;
  };
  return {
    offerStep: async (lease, offer) => {
      await prepared();
      return offerStep(lease, offer);
    },
    withdrawStep: (lease, step) => server.write((session) => withdrawStep(session, schema, lease, step)),
    askToStop: (lease, step, stop) => server.write((session) => askToStop(session, lease, step, stop)),
    workers: () => server.read((session) => listWorkers(session)),
    retireWorkers: (dead, atMs, reason) =>
      server.write((session) => retireWorkers(session, schema, dead, atMs, reason)),
    joinWorkers: (worker, atMs) => server.write((session) => joinWorkers(session, worker, atMs)),
    renewWorker: (owner) => server.write((session) => renewWorker(session, owner)),
    drainWorker: (owner) => server.write((session) => drainWorker(session, owner)),
    leaveWorkers: (owner) => server.write((session) => leaveWorkers(session, owner)),
    takeStep: (lease, atMs) => server.write((session) => takeStep(session, lease, atMs)),
    tellProgress: async (event) => {
      const text = JSON.stringify(event);
      if (text.length > mostProgressLength) return;
      await server.read((session) =>
        session.run('SELECT pg_notify($1, $2)', progressChannelOf(schema), text),
      );
    },
    onProgress: (listener) => feed.addForProgress(listener),
    releaseStep: (lease, atMs, reason) =>
      server.write((session) => releaseStep(session, lease, atMs, reason)),
    openQueue: async (options, work) => {
      await prepared();
      const { openQueue } = await import('./step-queue.ts');
      return openQueue(server.address, options, work);
    },
  };
}
