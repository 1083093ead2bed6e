import type { LockHolder, RunLease } from '../../core/ledger.ts';
import { itemStepKey } from '../../core/fan-out.ts';
import type { JsonValue } from '../../core/json.ts';
import type { NodeKey } from '../../core/node.ts';
import type { StepLogLine, StepMove, StepStart } from '../../core/ports.ts';
import { canMoveStep, isRunFinished, isStepFinished, type StepState } from '../../core/run-state.ts';
import { completionOf } from '../record/completion.ts';
import { refusedTransition } from '../record/refusal.ts';
import { integer, optionalInteger, text, toJson } from '../record/row.ts';
import { insertCompletion } from './completions.ts';
import type { LedgerDatabase } from './database.ts';
import { appendEvent } from './event-log.ts';
import { requireLease } from './fence.ts';
import { dropLocks, takeLocks } from './locks.ts';
import { keepPartitionStates } from './partitions.ts';

export function startStep(
  database: LedgerDatabase,
  lease: RunLease,
  start: StepStart,
): readonly LockHolder[] {
  return database.write(() => {
    requireOpenRun(database, lease);
    const holders = takeLocks(database, lease, start);
    if (holders.length > 0) return holders;
    const { step, attempt, atMs } = start;
    writeStepState(database, lease.runId, { step, attempt, atMs, to: 'running' });
    return [];
  });
}

export function moveSteps(database: LedgerDatabase, lease: RunLease, moves: readonly StepMove[]): void {
  database.write(() => {
    requireOpenRun(database, lease);
    for (const move of moves) {
      const startedAtMs = writeStepState(database, lease.runId, move);
      if (isStepFinished(move.to)) dropLocks(database, lease.runId, move.step);
      keepPartitionStates(database, move);
      addItemSteps(database, lease.runId, move);
      const completion = completionOf(lease, move, startedAtMs);
      if (completion) insertCompletion(database, completion);
    }
  });
}

function addItemSteps(database: LedgerDatabase, runId: string, { items = [] }: StepMove): void {
  if (items.length === 0) return;
  const { last } = database.get('SELECT max(position) AS last FROM steps WHERE run_id = ?', runId) ?? {};
  items.forEach((item, index) => {
    database.run(
      `INSERT INTO steps (run_id, key, position, state, item) VALUES (?, ?, ?, 'pending', ?)`,
      runId,
      itemStepKey(item),
      Number(last) + 1 + index,
      toJson(item),
    );
  });
}

export function appendLog(database: LedgerDatabase, lease: RunLease, line: StepLogLine): void {
  database.write(() => {
    requireLease(database, lease);
    appendEvent(database, { type: 'step_log', runId: lease.runId, ...line });
  });
}

export function saveCheckpoint(
  database: LedgerDatabase,
  lease: RunLease,
  step: NodeKey,
  value: JsonValue,
): void {
  database.write(() => {
    requireLease(database, lease);
    database.run(
      'UPDATE steps SET checkpoint = ?, interruptions = 0 WHERE run_id = ? AND key = ?',
      toJson(value),
      lease.runId,
      step,
    );
  });
}

/** Counts against the running steps that the process which ran them has died. */
export function countInterruptions(database: LedgerDatabase, runId: string): void {
  database.run(
    `UPDATE steps SET interruptions = interruptions + 1 WHERE run_id = ? AND state = 'running'`,
    runId,
  );
}

/** Makes the running steps of a run whose owner is gone pending. Their checkpoints stay. */
export function resetRunningSteps(
  database: LedgerDatabase,
  runId: string,
  atMs: number,
  reason: string,
): void {
  const rows = database.all(
    `SELECT key, attempt FROM steps WHERE run_id = ? AND state = 'running' ORDER BY position`,
    runId,
  );
  for (const row of rows) {
    const move = { step: text(row, 'key'), attempt: integer(row, 'attempt'), to: 'pending' as const };
    writeStepState(database, runId, { ...move, atMs, reason });
  }
}

export function cancelPendingSteps(
  database: LedgerDatabase,
  runId: string,
  atMs: number,
  reason: string,
): void {
  const rows = database.all(
    `SELECT key, attempt FROM steps WHERE run_id = ? AND state = 'pending' ORDER BY position`,
    runId,
  );
  for (const row of rows) {
    const move = { step: text(row, 'key'), attempt: integer(row, 'attempt'), to: 'cancelled' as const };
    writeStepState(database, runId, { ...move, atMs, reason });
  }
}

function requireOpenRun(database: LedgerDatabase, lease: RunLease): void {
  const state = requireLease(database, lease);
  if (isRunFinished(state))
    throw refusedTransition(`A step of the finished run ${lease.runId}`, state, state);
}

/** Returns when the attempt that is being moved was started. */
function writeStepState(database: LedgerDatabase, runId: string, move: StepMove): number | undefined {
  const { step, to, attempt, atMs, outcome, failure, reason } = move;
  const row = database.get(
    'SELECT state, started_at_ms FROM steps WHERE run_id = ? AND key = ?',
    runId,
    step,
  );
  const from = row ? (text(row, 'state') as StepState) : undefined;
  if (!row || from === undefined || !canMoveStep(from, to)) {
    throw refusedTransition(`The step ${step} of the run ${runId}`, from ?? 'nothing', to);
  }
  database.run(
    `UPDATE steps SET state = ?, attempt = ?, started_at_ms = coalesce(?, started_at_ms),
       finished_at_ms = ?, outcome = ?, failure = ?, reason = ? WHERE run_id = ? AND key = ?`,
    to,
    attempt,
    to === 'running' ? atMs : null,
    isStepFinished(to) ? atMs : null,
    toJson(outcome),
    toJson(failure),
    reason ?? null,
    runId,
    step,
  );
  appendEvent(database, {
    type: 'step_state',
    runId,
    atMs,
    step,
    state: to,
    attempt,
    outcome,
    failure,
    reason,
  });
  return optionalInteger(row, 'started_at_ms');
}
