import type { RunLease, ScheduleTick } from '../../core/ledger.ts';
import type { HeldLeases, NewRun, RunClaim, RunMove } from '../../core/ports.ts';
import { canMoveRun, isRunFinished, type RunState } from '../../core/run-state.ts';
import type { NewEvent } from '../record/event.ts';
import { toPlanRow } from '../record/plan.ts';
import { refusedTransition } from '../record/refusal.ts';
import { integer, optionalText, text, toJson } from '../record/row.ts';
import { appendEvents, tellOthers } from './event-log.ts';
import { requireLease } from './fence.ts';
import { ownsProject } from './ownership.ts';
import type { Session } from './session.ts';
import { deleteAllOffers, isOfOfferedStep } from './step-offers.ts';
import { countInterruptions, moveAllSteps } from './steps.ts';
import { insertTick } from './ticks.ts';

export async function createRun(
  session: Session,
  run: NewRun,
  tick: ScheduleTick | undefined,
): Promise<boolean> {
  if (tick && !(await insertTick(session, tick))) return false;
  const { digest, plan } = toPlanRow(run.plan);
  await session.run(
    `INSERT INTO plans (digest, plan, used_at_ms) VALUES ($1, $2, $3)
     ON CONFLICT (digest) DO UPDATE SET used_at_ms = greatest(plans.used_at_ms, excluded.used_at_ms)`,
    digest,
    plan,
    run.createdAtMs,
  );
  await session.run(
    `INSERT INTO runs (id, state, plan_digest, selection, "trigger", schedule, created_at_ms, enqueued_by, priority)
     VALUES ($1, 'queued', $2, $3, $4, $5, $6, $7, $8)`,
    run.id,
    digest,
    run.plan.selection,
    toJson(run.trigger),
    run.trigger.schedule ?? null,
    run.createdAtMs,
    run.enqueuedBy ?? null,
    run.priority ?? 0,
  );
  await session.run(
    `INSERT INTO steps (run_id, key, position, state)
     SELECT $1, key, position, 'pending' FROM unnest($2::text[]) WITH ORDINALITY AS planned(key, position)`,
    run.id,
    run.plan.steps.map((step) => step.key),
  );
  const { id: runId, createdAtMs: atMs } = run;
  await appendEvents(
    session,
    [{ type: 'run_state', runId, atMs, state: 'queued', failure: undefined }],
    'runs',
  );
  return true;
}

export async function claimRun(session: Session, claim: RunClaim): Promise<RunLease | undefined> {
  const { runId, owner, atMs, expiresAtMs } = claim;
  const epoch = claim.expectedEpoch + 1;
  const claimed = await session.run(
    `UPDATE runs SET owner = $1, epoch = $2, lease_expires_at_ms = $3
     WHERE id = $4 AND epoch = $5 AND finished_at_ms IS NULL AND held_at_ms IS NULL`,
    owner,
    epoch,
    expiresAtMs,
    runId,
    claim.expectedEpoch,
  );
  if (claimed === 0) return undefined;
  if (claim.countsInterruptions ?? true) await countInterruptions(session, runId);
  const moved = await moveAllSteps(session, runId, {
    from: 'running',
    to: 'pending',
    atMs,
    reason: claim.resetReason,
  });
  await dropLocks(session, runId);
  await appendEvents(session, [{ type: 'lease_taken', runId, atMs, owner, epoch }, ...moved], 'steps');
  return { runId, owner, epoch, expiresAtMs };
}

export async function renewLeases(session: Session, owner: string, expiresAtMs: number): Promise<HeldLeases> {
  await session.run('UPDATE ownership SET expires_at_ms = $1 WHERE owner = $2', expiresAtMs, owner);
  const rows = await session.all(
    `UPDATE runs SET lease_expires_at_ms = $1 WHERE owner = $2 AND finished_at_ms IS NULL RETURNING id`,
    expiresAtMs,
    owner,
  );
  return {
    ownsProject: await ownsProject(session, owner),
    runIds: rows.map((row) => text(row, 'id')).sort(),
  };
}

export async function releaseRun(
  session: Session,
  lease: RunLease,
  atMs: number,
  reason: string,
): Promise<void> {
  await requireLease(session, lease);
  const { runId } = lease;
  const events = await moveAllSteps(session, runId, { from: 'running', to: 'pending', atMs, reason });
  await dropLocks(session, runId);
  await session.run('UPDATE runs SET owner = NULL, lease_expires_at_ms = NULL WHERE id = $1', runId);
  await tellOthers(session, 'runs');
  await appendEvents(session, events, 'runs');
}

/** Of the steps that its owner does itself: workers go on with theirs. */
async function dropLocks(session: Session, runId: string): Promise<void> {
  await session.run(`DELETE FROM locks WHERE run_id = $1 AND NOT ${isOfOfferedStep}`, runId);
}

export async function moveRun(session: Session, lease: RunLease, move: RunMove): Promise<void> {
  const from = await requireLease(session, lease);
  if (!canMoveRun(from, move.to)) throw refusedTransition(`The run ${lease.runId}`, from, move.to);
  await appendEvents(session, [await writeRunState(session, lease.runId, move)], 'runs');
}

/** A run that nobody executes is cancelled here; for the others the owner is asked. */
export async function requestCancel(
  session: Session,
  runId: string,
  atMs: number,
): Promise<RunState | undefined> {
  const row = await session.get(
    'SELECT state, owner, lease_expires_at_ms FROM runs WHERE id = $1 FOR NO KEY UPDATE',
    runId,
  );
  if (!row) return undefined;
  const state = text(row, 'state') as RunState;
  if (isRunFinished(state)) return state;
  const isExecuted = optionalText(row, 'owner') !== undefined && integer(row, 'lease_expires_at_ms') > atMs;
  if (state !== 'queued' && isExecuted) {
    if (state === 'running') {
      await appendEvents(session, [await writeRunState(session, runId, { to: 'cancelling', atMs })], 'runs');
    }
    return 'cancelling';
  }
  await deleteAllOffers(session, runId);
  const events = [
    ...(await moveAllSteps(session, runId, {
      from: 'running',
      to: 'pending',
      atMs,
      reason: 'Nobody executed the run any more',
    })),
    ...(await moveAllSteps(session, runId, {
      from: 'pending',
      to: 'cancelled',
      atMs,
      reason: 'The run was cancelled',
    })),
    await writeRunState(session, runId, { to: 'cancelled', atMs }),
  ];
  await appendEvents(session, events, 'runs');
  return 'cancelled';
}

/** Holds a run or lets it go on, if it is neither finished nor so already. */
export async function holdRun(
  session: Session,
  runId: string,
  isHeld: boolean,
  atMs: number,
): Promise<RunState | undefined> {
  const row = await session.get('SELECT state FROM runs WHERE id = $1 FOR NO KEY UPDATE', runId);
  if (!row) return undefined;
  const state = text(row, 'state') as RunState;
  const changed = await session.run(
    `UPDATE runs SET held_at_ms = $1 WHERE id = $2 AND finished_at_ms IS NULL
       AND (held_at_ms IS NULL) = ($1::bigint IS NOT NULL)`,
    isHeld ? atMs : null,
    runId,
  );
  if (changed > 0) {
    await appendEvents(
      session,
      [{ type: 'run_state', runId, atMs, state, isHeld, failure: undefined }],
      'runs',
    );
  }
  return state;
}

/** Writes the state without asking whether it is allowed. Returns the event, which is not written yet. */
async function writeRunState(session: Session, runId: string, move: RunMove): Promise<NewEvent> {
  const { to, atMs, failure } = move;
  if (isRunFinished(to)) {
    await session.run(
      `UPDATE runs SET state = $1, finished_at_ms = $2, failure = $3, owner = NULL, lease_expires_at_ms = NULL,
         held_at_ms = NULL WHERE id = $4`,
      to,
      atMs,
      toJson(failure),
      runId,
    );
    await session.run('DELETE FROM locks WHERE run_id = $1', runId);
    await deleteAllOffers(session, runId);
  } else {
    await session.run(
      `UPDATE runs SET state = $1, started_at_ms = coalesce(started_at_ms, $2) WHERE id = $3`,
      to,
      atMs,
      runId,
    );
  }
  return { type: 'run_state', runId, atMs, state: to, failure };
}
