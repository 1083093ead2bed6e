import {
  workerLost,
  type HeldStep,
  type NewWorker,
  type WorkerRecord,
  type WorkerStop,
} from '../../core/dispatch.ts';
import type { NodeKey } from '../../core/node.ts';
import type { NewEvent } from '../record/event.ts';
import { integer, optionalText, text } from '../record/row.ts';
import { appendEvents, tellOthers } from './event-log.ts';
import { jobKey, queueSchema } from './job-names.ts';
import type { Session } from './session.ts';
import { deleteOffers } from './step-offers.ts';
import { writeStepStates } from './steps.ts';

export async function joinWorkers(session: Session, worker: NewWorker, atMs: number): Promise<void> {
  await session.run(
    `INSERT INTO workers (owner, queue_name, pools, manifest_hash, concurrency, started_at_ms, lease_seconds, expires_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, now() + $7 * interval '1 second')
     ON CONFLICT (owner) DO UPDATE SET queue_name = excluded.queue_name, expires_at = excluded.expires_at`,
    worker.owner,
    worker.queueName,
    JSON.stringify(worker.pools),
    worker.manifestHash,
    worker.concurrency,
    atMs,
    worker.leaseSeconds,
  );
  await tellOthers(session, 'runs');
}

export async function renewWorker(session: Session, owner: string): Promise<readonly HeldStep[] | undefined> {
  const renewed = await session.run(
    `UPDATE workers SET expires_at = now() + lease_seconds * interval '1 second' WHERE owner = $1`,
    owner,
  );
  if (renewed === 0) return undefined;
  const rows = await session.all(
    'SELECT run_id, step, attempt, stop FROM step_offers WHERE worker = $1',
    owner,
  );
  return rows.map((row) => ({
    runId: text(row, 'run_id'),
    step: text(row, 'step'),
    attempt: integer(row, 'attempt'),
    stop: optionalText(row, 'stop') as WorkerStop | undefined,
  }));
}

export async function drainWorker(session: Session, owner: string): Promise<void> {
  await session.run('UPDATE workers SET is_draining = true WHERE owner = $1', owner);
  await tellOthers(session, 'runs');
}

/** Nothing happens while it has steps: they are taken from it when its lease has expired. */
export async function leaveWorkers(session: Session, owner: string): Promise<void> {
  await session.run(
    'DELETE FROM workers WHERE owner = $1 AND NOT EXISTS (SELECT 1 FROM step_offers WHERE worker = $1)',
    owner,
  );
  await tellOthers(session, 'runs');
}

export async function listWorkers(session: Session): Promise<readonly WorkerRecord[]> {
  const rows = await session.all(
    `SELECT owner, pools, manifest_hash, concurrency, started_at_ms, is_draining, expires_at > now() AS is_alive,
       (SELECT coalesce(json_agg(json_build_object('runId', run_id, 'step', step) ORDER BY run_id, step), '[]')
        FROM step_offers WHERE worker = owner) AS steps
     FROM workers ORDER BY started_at_ms, owner`,
  );
  return rows.map((row) => ({
    owner: text(row, 'owner'),
    pools: JSON.parse(text(row, 'pools')) as readonly string[],
    manifestHash: text(row, 'manifest_hash'),
    concurrency: integer(row, 'concurrency'),
    startedAtMs: integer(row, 'started_at_ms'),
    isAlive: text(row, 'is_alive') === 't',
    isDraining: text(row, 'is_draining') === 't',
    steps: JSON.parse(text(row, 'steps')) as WorkerRecord['steps'],
  }));
}

/** Rows are locked as everywhere: the workers' first, then the runs'. */
export async function retireWorkers(
  session: Session,
  schema: string,
  dead: readonly string[],
  atMs: number,
  reason: string,
): Promise<readonly string[]> {
  const rows = await session.all(
    `SELECT owner, queue_name FROM workers WHERE expires_at < now() OR owner = ANY($1)
     ORDER BY owner FOR UPDATE SKIP LOCKED`,
    dead,
  );
  if (rows.length === 0) return [];
  const owners = rows.map((row) => text(row, 'owner'));
  const queue = queueSchema(schema);
  await session.run(
    `SELECT ${queue}.force_unlock_workers($1)`,
    rows.map((row) => text(row, 'queue_name')),
  );
  const events: NewEvent[] = [];
  const held = await session.all(
    'SELECT run_id, step, attempt FROM step_offers WHERE worker = ANY($1) ORDER BY run_id, step',
    owners,
  );
  for (const runId of new Set(held.map((row) => text(row, 'run_id')))) {
    const steps = held
      .filter((row) => text(row, 'run_id') === runId)
      .map((row) => ({ step: text(row, 'step'), attempt: integer(row, 'attempt') }));
    events.push(...(await takeBack(session, runId, owners, steps, atMs, reason)));
    for (const { step, attempt } of steps)
      await session.run(`SELECT ${queue}.remove_job($1)`, jobKey({ runId, step, attempt }));
  }
  await session.run('DELETE FROM workers WHERE owner = ANY($1)', owners);
  await tellOthers(session, 'runs');
  await appendEvents(session, events, 'runs');
  return owners;
}

interface HeldAttempt {
  readonly step: NodeKey;
  readonly attempt: number;
}

/** Those that the worker has ended meanwhile are left as they are. */
async function takeBack(
  session: Session,
  runId: string,
  owners: readonly string[],
  held: readonly HeldAttempt[],
  atMs: number,
  reason: string,
): Promise<readonly NewEvent[]> {
  await session.get('SELECT 1 FROM runs WHERE id = $1 FOR NO KEY UPDATE', runId);
  const rows = await session.all(
    `UPDATE steps SET interruptions = interruptions + 1 FROM step_offers
     WHERE steps.run_id = $1 AND steps.key = ANY($2) AND steps.state = 'running'
       AND step_offers.run_id = $1 AND step_offers.step = steps.key AND step_offers.worker = ANY($3)
     RETURNING steps.key`,
    runId,
    held.map(({ step }) => step),
    owners,
  );
  const running = new Set(rows.map((row) => text(row, 'key')));
  const failure = { kind: 'transient', code: workerLost, message: reason } as const;
  const moves = held
    .filter(({ step }) => running.has(step))
    .map((attempt) => ({ ...attempt, to: 'pending' as const, atMs, failure, reason }));
  const { events } = await writeStepStates(session, runId, moves);
  await deleteOffers(session, runId, [...running]);
  return events;
}
