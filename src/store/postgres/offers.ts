import type { OfferResult, StepLease, StepOffer, TakenStep, WorkerStop } from '../../core/dispatch.ts';
import type { JsonValue } from '../../core/json.ts';
import type { RunLease } from '../../core/ledger.ts';
import type { NodeKey } from '../../core/node.ts';
import { integer, optionalJson, optionalText, text } from '../record/row.ts';
import { appendEvents, tellOthers } from './event-log.ts';
import { requireLease } from './fence.ts';
import { jobKey, queueSchema, taskName } from './job-names.ts';
import { takeLocks } from './locks.ts';
import type { LedgerServer } from './server.ts';
import type { Session } from './session.ts';
import { deleteOffers } from './step-offers.ts';
import { writeStepStates } from './steps.ts';

/** Postgres keeps a queue's priorities as small numbers, the lowest first. */
const lowestPriority = 30_000;

/** Several offers of one run; the results are in their order. */
export async function offerSteps(
  session: Session,
  schema: string,
  lease: RunLease,
  offers: readonly StepOffer[],
): Promise<readonly OfferResult[]> {
  await requireLease(session, lease);
  const pending = await pendingSteps(
    session,
    lease.runId,
    offers.map(({ start }) => start.step),
  );
  const results: OfferResult[] = [];
  const offered: StepOffer[] = [];
  for (const offer of offers) {
    const locked = pending.has(offer.start.step) ? await takeLocks(session, lease, offer.start) : undefined;
    if (!locked) results.push('taken');
    else if (locked.length > 0) results.push({ locked });
    else {
      results.push('offered');
      offered.push(offer);
    }
  }
  if (offered.length > 0) await addJobs(session, schema, lease.runId, offered);
  return results;
}

async function pendingSteps(
  session: Session,
  runId: string,
  steps: readonly NodeKey[],
): Promise<ReadonlySet<NodeKey>> {
  const rows = await session.all(
    `SELECT key FROM steps WHERE run_id = $1 AND key = ANY($2) AND state = 'pending'`,
    runId,
    steps,
  );
  return new Set(rows.map((row) => text(row, 'key')));
}

async function addJobs(
  session: Session,
  schema: string,
  runId: string,
  offers: readonly StepOffer[],
): Promise<void> {
  const queue = queueSchema(schema);
  const rows = offers.map(({ start, job, need, priority }) => ({
    step: start.step,
    attempt: start.attempt,
    identifier: taskName(need),
    payload: job,
    job_key: jobKey({ runId, step: start.step, attempt: start.attempt }),
    priority: Math.min(Math.max(-priority, -lowestPriority), lowestPriority),
  }));
  await session.run(
    `WITH spec AS MATERIALIZED (
       SELECT * FROM json_to_recordset($2::json) AS spec(step text, attempt integer, identifier text, payload json,
         job_key text, priority smallint)
     ), offered AS (
       INSERT INTO step_offers (run_id, step, attempt) SELECT $1, step, attempt FROM spec
       ON CONFLICT (run_id, step) DO UPDATE SET attempt = excluded.attempt, worker = NULL, stop = NULL
     )
     SELECT count(*) FROM ${queue}.add_jobs(ARRAY(
       SELECT (identifier, payload, NULL, NULL, NULL, job_key, priority, NULL)::${queue}.job_spec FROM spec))`,
    runId,
    JSON.stringify(rows),
  );
}

export async function withdrawStep(
  session: Session,
  schema: string,
  lease: RunLease,
  step: NodeKey,
): Promise<boolean> {
  await requireLease(session, lease);
  const row = await session.get(
    'DELETE FROM step_offers WHERE run_id = $1 AND step = $2 AND worker IS NULL RETURNING attempt',
    lease.runId,
    step,
  );
  if (!row) return false;
  const key = jobKey({ runId: lease.runId, step, attempt: integer(row, 'attempt') });
  await session.run(`SELECT ${queueSchema(schema)}.remove_job($1)`, key);
  return true;
}

export async function askToStop(
  session: Session,
  lease: RunLease,
  step: NodeKey,
  stop: WorkerStop,
): Promise<void> {
  await requireLease(session, lease);
  const told = await session.run(
    'UPDATE step_offers SET stop = $1 WHERE run_id = $2 AND step = $3 AND worker IS NOT NULL',
    stop,
    lease.runId,
    step,
  );
  if (told > 0) await tellOthers(session, 'runs');
}

/** Rows are locked as everywhere: the worker's first, then the run's. */
export async function takeStep(
  session: Session,
  lease: StepLease,
  atMs: number,
): Promise<TakenStep | 'outdated' | 'retired'> {
  const { runId, step, attempt, owner } = lease;
  const worker = await session.get('SELECT 1 FROM workers WHERE owner = $1 FOR KEY SHARE', owner);
  if (!worker) return 'retired';
  const run = await session.get('SELECT state, held_at_ms FROM runs WHERE id = $1 FOR NO KEY UPDATE', runId);
  if (!run || text(run, 'state') !== 'running' || optionalText(run, 'held_at_ms') !== undefined)
    return 'outdated';
  const row = await session.get(
    `UPDATE step_offers SET worker = $1 FROM steps
     WHERE step_offers.run_id = $2 AND step = $3 AND step_offers.attempt = $4 AND worker IS NULL
       AND steps.run_id = $2 AND steps.key = $3 AND steps.state = 'pending'
     RETURNING checkpoint`,
    owner,
    runId,
    step,
    attempt,
  );
  if (!row) return 'outdated';
  const { events } = await writeStepStates(session, runId, [
    { step, attempt, atMs, to: 'running', worker: owner },
  ]);
  await appendEvents(session, events, 'steps');
  return { checkpoint: optionalJson(row, 'checkpoint') as JsonValue | undefined };
}

export async function releaseStep(
  session: Session,
  lease: StepLease,
  atMs: number,
  reason: string,
): Promise<void> {
  await requireLease(session, lease);
  const { runId, step, attempt } = lease;
  const { events } = await writeStepStates(session, runId, [{ step, attempt, atMs, to: 'pending', reason }]);
  await deleteOffers(session, runId, [step]);
  await appendEvents(session, events, 'steps');
}

interface WaitingOffer {
  readonly offer: StepOffer;
  readonly resolve: (result: OfferResult) => void;
  readonly reject: (error: unknown) => void;
}

/** Offers one step after another; those that come while others are being written go together in the next transaction. */
export type OfferWriter = (lease: RunLease, offer: StepOffer) => Promise<OfferResult>;

export function createOfferWriter(server: LedgerServer): OfferWriter {
  const waiting = new Map<string, WaitingOffer[]>();
  const writeAll = async (name: string, lease: RunLease): Promise<void> => {
    // Whatever becomes ready in this turn goes together.
    await Promise.resolve();
    for (;;) {
      const together = waiting.get(name)?.splice(0) ?? [];
      if (together.length === 0) break;
      try {
        const offers = together.map(({ offer }) => offer);
        const results = await server.write((session) =>
          offerSteps(session, server.address.schema, lease, offers),
        );
        for (const [index, { resolve }] of together.entries()) resolve(results[index] ?? 'taken');
      } catch (error) {
        for (const { reject } of together) reject(error);
      }
    }
    waiting.delete(name);
  };
  return (lease, offer) =>
    new Promise((resolve, reject) => {
      const name = `${lease.runId} ${lease.epoch} ${lease.owner}`;
      const queue = waiting.get(name);
      if (queue) {
        queue.push({ offer, resolve, reject });
        return;
      }
      waiting.set(name, [{ offer, resolve, reject }]);
      void writeAll(name, lease);
    });
}
