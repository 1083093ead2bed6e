import type { RunLease, ScheduleTick } from '../../core/ledger.ts';
import type { HeldLeases, NewRun, RunClaim, RunMove } from '../../core/ports.ts';
import { canMoveRun, isRunFinished, type RunState } from '../../core/run-state.ts';
import { toPlanRow } from '../record/plan.ts';
import { refusedTransition } from '../record/refusal.ts';
import { integer, optionalText, text, toJson } from '../record/row.ts';
import type { LedgerDatabase } from './database.ts';
import { appendEvent } from './event-log.ts';
import { requireLease } from './fence.ts';
import { ownsProject } from './ownership.ts';
import { cancelPendingSteps, countInterruptions, resetRunningSteps } from './steps.ts';
import { insertTick } from './ticks.ts';

export function createRun(database: LedgerDatabase, run: NewRun, tick: ScheduleTick | undefined): boolean {
  return database.write(() => {
    if (tick && !insertTick(database, tick)) return false;
    insertRun(database, run);
    return true;
  });
}

/** Within a transaction. */
export function insertRun(database: LedgerDatabase, run: NewRun): void {
  const { digest, plan } = toPlanRow(run.plan);
  database.run(
    `INSERT INTO plans (digest, plan, used_at_ms) VALUES (?, ?, ?)
     ON CONFLICT (digest) DO UPDATE SET used_at_ms = max(used_at_ms, excluded.used_at_ms)`,
    digest,
    plan,
    run.createdAtMs,
  );
  database.run(
    `INSERT INTO runs (id, state, plan_digest, selection, "trigger", schedule, created_at_ms, enqueued_by, priority)
     VALUES (?, 'queued', ?, ?, ?, ?, ?, ?, ?)`,
    run.id,
    digest,
    run.plan.selection,
    toJson(run.trigger),
    run.trigger.schedule ?? null,
    run.createdAtMs,
    run.enqueuedBy ?? null,
    run.priority ?? 0,
  );
  run.plan.steps.forEach((step, position) => {
    database.run(
      `INSERT INTO steps (run_id, key, position, state) VALUES (?, ?, ?, 'pending')`,
      run.id,
      step.key,
      position,
    );
  });
  appendEvent(database, {
    type: 'run_state',
    runId: run.id,
    atMs: run.createdAtMs,
    state: 'queued',
    failure: undefined,
  });
}

export function claimRun(database: LedgerDatabase, claim: RunClaim): RunLease | undefined {
  const epoch = claim.expectedEpoch + 1;
  return database.write(() => {
    const claimed = database.run(
      `UPDATE runs SET owner = ?, epoch = ?, lease_expires_at_ms = ?
       WHERE id = ? AND epoch = ? AND finished_at_ms IS NULL AND held_at_ms IS NULL`,
      claim.owner,
      epoch,
      claim.expiresAtMs,
      claim.runId,
      claim.expectedEpoch,
    );
    if (claimed === 0) return undefined;
    const { runId, owner, atMs, expiresAtMs } = claim;
    appendEvent(database, { type: 'lease_taken', runId, atMs, owner, epoch });
    if (claim.countsInterruptions ?? true) countInterruptions(database, runId);
    resetRunningSteps(database, runId, atMs, claim.resetReason);
    database.run('DELETE FROM locks WHERE run_id = ?', runId);
    return { runId, owner, epoch, expiresAtMs };
  });
}

export function renewLeases(database: LedgerDatabase, owner: string, expiresAtMs: number): HeldLeases {
  return database.write(() => {
    database.run('UPDATE ownership SET expires_at_ms = ? WHERE owner = ?', expiresAtMs, owner);
    const rows = database.all(
      `UPDATE runs SET lease_expires_at_ms = ? WHERE owner = ? AND finished_at_ms IS NULL RETURNING id`,
      expiresAtMs,
      owner,
    );
    return { ownsProject: ownsProject(database, owner), runIds: rows.map((row) => text(row, 'id')) };
  });
}

export function releaseRun(database: LedgerDatabase, lease: RunLease, atMs: number, reason: string): void {
  database.write(() => {
    requireLease(database, lease);
    resetRunningSteps(database, lease.runId, atMs, reason);
    database.run('DELETE FROM locks WHERE run_id = ?', lease.runId);
    database.run('UPDATE runs SET owner = NULL, lease_expires_at_ms = NULL WHERE id = ?', lease.runId);
  });
}

export function moveRun(database: LedgerDatabase, lease: RunLease, move: RunMove): void {
  database.write(() => {
    const from = requireLease(database, lease);
    if (!canMoveRun(from, move.to)) throw refusedTransition(`The run ${lease.runId}`, from, move.to);
    writeRunState(database, lease.runId, move);
  });
}

/** A run that nobody executes is cancelled here; for the others the owner is asked. */
export function requestCancel(database: LedgerDatabase, runId: string, atMs: number): RunState | undefined {
  return database.write(() => {
    const row = database.get('SELECT state, owner, lease_expires_at_ms FROM runs WHERE id = ?', runId);
    if (!row) return undefined;
    const state = text(row, 'state') as RunState;
    if (isRunFinished(state)) return state;
    const isExecuted = optionalText(row, 'owner') !== undefined && integer(row, 'lease_expires_at_ms') > atMs;
    if (state !== 'queued' && isExecuted) {
      if (state === 'running') writeRunState(database, runId, { to: 'cancelling', atMs });
      return 'cancelling';
    }
    resetRunningSteps(database, runId, atMs, 'Nobody executed the run any more');
    cancelPendingSteps(database, runId, atMs, 'The run was cancelled');
    writeRunState(database, runId, { to: 'cancelled', atMs });
    return 'cancelled';
  });
}

/** Holds a run or lets it go on, if it is neither finished nor so already. */
export function holdRun(
  database: LedgerDatabase,
  runId: string,
  isHeld: boolean,
  atMs: number,
): RunState | undefined {
  return database.write(() => {
    const row = database.get('SELECT state FROM runs WHERE id = ?', runId);
    if (!row) return undefined;
    const state = text(row, 'state') as RunState;
    const changed = database.run(
      'UPDATE runs SET held_at_ms = ? WHERE id = ? AND finished_at_ms IS NULL AND (held_at_ms IS NULL) = ?',
      isHeld ? atMs : null,
      runId,
      isHeld ? 1 : 0,
    );
    if (changed > 0) {
      appendEvent(database, { type: 'run_state', runId, atMs, state, isHeld, failure: undefined });
    }
    return state;
  });
}

/** Writes state and event without asking whether they are allowed. */
function writeRunState(database: LedgerDatabase, runId: string, move: RunMove): void {
  const { to, atMs, failure } = move;
  if (isRunFinished(to)) {
    database.run(
      `UPDATE runs SET state = ?, finished_at_ms = ?, failure = ?, owner = NULL, lease_expires_at_ms = NULL,
         held_at_ms = NULL WHERE id = ?`,
      to,
      atMs,
      toJson(failure),
      runId,
    );
    database.run('DELETE FROM locks WHERE run_id = ?', runId);
  } else {
    database.run(
      `UPDATE runs SET state = ?, started_at_ms = coalesce(started_at_ms, ?) WHERE id = ?`,
      to,
      atMs,
      runId,
    );
  }
  appendEvent(database, { type: 'run_state', runId, atMs, state: to, failure });
}
