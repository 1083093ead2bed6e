import type { FatalError } from '../../core/errors.ts';
import { itemStepKey } from '../../core/fan-out.ts';
import type { JsonValue } from '../../core/json.ts';
import type { LockHolder, RunLease } from '../../core/ledger.ts';
import type { NodeKey } from '../../core/node.ts';
import type { StepMove, StepStart } from '../../core/ports.ts';
import {
  canMoveStep,
  isRunFinished,
  isStepFinished,
  stepTransitions,
  type StepState,
} from '../../core/run-state.ts';
import { completionOf } from '../record/completion.ts';
import type { NewEvent } from '../record/event.ts';
import { refusedTransition } from '../record/refusal.ts';
import { integer, optionalInteger, text, toJson, type Row } from '../record/row.ts';
import { insertCompletion } from './completions.ts';
import { appendEvents } from './event-log.ts';
import { requireLease } from './fence.ts';
import { takeLocks } from './locks.ts';
import { keepPartitionStates } from './partitions.ts';
import type { Session } from './session.ts';
import { endOffers, isAtWorker } from './step-offers.ts';

export async function startStep(
  session: Session,
  lease: RunLease,
  start: StepStart,
): Promise<readonly LockHolder[]> {
  await requireOpenRun(session, lease);
  const holders = await takeLocks(session, lease, start);
  if (holders.length > 0) return holders;
  const { step, attempt, atMs } = start;
  const { events } = await writeStepStates(session, lease.runId, [{ step, attempt, atMs, to: 'running' }]);
  await appendEvents(session, events, 'steps');
  return [];
}

export async function moveSteps(
  session: Session,
  lease: RunLease,
  moves: readonly StepMove[],
): Promise<void> {
  await requireOpenRun(session, lease);
  const { events, startedAtMs } = await writeStepStates(session, lease.runId, moves);
  for (const move of moves) {
    await keepPartitionStates(session, move);
    await addItemSteps(session, lease.runId, move);
    const completion = completionOf(lease, move, startedAtMs.get(move.step));
    if (completion) await insertCompletion(session, completion);
  }
  await endOffers(session, lease, moves);
  await appendEvents(session, events, 'steps');
}

async function addItemSteps(session: Session, runId: string, { items = [] }: StepMove): Promise<void> {
  if (items.length === 0) return;
  await session.run(
    `INSERT INTO steps (run_id, key, position, state, item)
     SELECT $1, key, last + place, 'pending', item::json
     FROM unnest($2::text[], $3::text[]) WITH ORDINALITY AS found(key, item, place),
       (SELECT max(position) AS last FROM steps WHERE run_id = $1) AS before`,
    runId,
    items.map((item) => itemStepKey(item)),
    items.map((item) => JSON.stringify(item)),
  );
}

export async function saveCheckpoint(
  session: Session,
  lease: RunLease,
  step: NodeKey,
  value: JsonValue,
): Promise<void> {
  await requireLease(session, lease);
  await session.run(
    'UPDATE steps SET checkpoint = $1, interruptions = 0 WHERE run_id = $2 AND key = $3',
    toJson(value),
    lease.runId,
    step,
  );
}

/** Moves all steps that are in `from` and at no worker; returns the events, which are not written yet. */
export async function moveAllSteps(
  session: Session,
  runId: string,
  move: { readonly from: StepState; readonly to: StepState; readonly atMs: number; readonly reason: string },
): Promise<readonly NewEvent[]> {
  const rows = await session.all(
    `SELECT key, attempt FROM steps WHERE run_id = $1 AND state = $2 AND NOT ${isAtWorker} ORDER BY position`,
    runId,
    move.from,
  );
  const { to, atMs, reason } = move;
  const moves = rows.map((row) => ({
    step: text(row, 'key'),
    attempt: integer(row, 'attempt'),
    to,
    atMs,
    reason,
  }));
  return (await writeStepStates(session, runId, moves)).events;
}

/** Counts against the running steps that the process which ran them has died. */
export async function countInterruptions(session: Session, runId: string): Promise<void> {
  await session.run(
    `UPDATE steps SET interruptions = interruptions + 1 WHERE run_id = $1 AND state = 'running' AND NOT ${isAtWorker}`,
    runId,
  );
}

async function requireOpenRun(session: Session, lease: RunLease): Promise<void> {
  const state = await requireLease(session, lease);
  if (isRunFinished(state))
    throw refusedTransition(`A step of the finished run ${lease.runId}`, state, state);
}

export interface WrittenSteps {
  /** To be appended by the caller, as the last thing of its transaction. */
  readonly events: readonly NewEvent[];
  /** When the attempts that were moved had been started. */
  readonly startedAtMs: ReadonlyMap<NodeKey, number | undefined>;
}

/** A step is moved once at a time; finished ones give up their locks. */
export async function writeStepStates(
  session: Session,
  runId: string,
  moves: readonly StepMove[],
): Promise<WrittenSteps> {
  if (moves.length === 0) return { events: [], startedAtMs: new Map() };
  const rows = await session.all(
    `WITH move AS MATERIALIZED (
       SELECT * FROM json_to_recordset($2::json) AS move(key text, "from" text[], state text, attempt integer,
         started bigint, finished bigint, outcome json, failure json, reason text)
     ), unlocked AS (
       DELETE FROM locks USING move
       WHERE locks.run_id = $1 AND locks.step = move.key AND move.finished IS NOT NULL
     )
     UPDATE steps SET state = move.state, attempt = move.attempt,
       started_at_ms = coalesce(move.started, started_at_ms), finished_at_ms = move.finished,
       outcome = move.outcome, failure = move.failure, reason = move.reason
     FROM move WHERE run_id = $1 AND steps.key = move.key AND steps.state = ANY(move."from")
     RETURNING steps.key, steps.started_at_ms`,
    runId,
    JSON.stringify(moves.map((move) => toMoveRow(move))),
  );
  if (rows.length !== moves.length) throw await refusal(session, runId, rows, moves);
  return {
    events: moves.map((move) => toStepEvent(runId, move)),
    startedAtMs: new Map(rows.map((row) => [text(row, 'key'), optionalInteger(row, 'started_at_ms')])),
  };
}

async function refusal(
  session: Session,
  runId: string,
  moved: readonly Row[],
  moves: readonly StepMove[],
): Promise<FatalError> {
  const allowed = new Set(moved.map((row) => text(row, 'key')));
  const refused = moves.find(({ step }) => !allowed.has(step)) ?? moves[0];
  const row = await session.get(
    'SELECT state FROM steps WHERE run_id = $1 AND key = $2',
    runId,
    refused?.step ?? '',
  );
  const from = row ? text(row, 'state') : 'nothing';
  return refusedTransition(`The step ${refused?.step} of the run ${runId}`, from, refused?.to ?? 'nothing');
}

/** The states that may go to `to`, as a PostgreSQL array. */
function statesBefore(to: StepState): string {
  const states = Object.keys(stepTransitions) as StepState[];
  return `{${states.filter((from) => canMoveStep(from, to)).join(',')}}`;
}

function toMoveRow(move: StepMove): object {
  return {
    key: move.step,
    from: statesBefore(move.to),
    state: move.to,
    attempt: move.attempt,
    started: move.to === 'running' ? move.atMs : null,
    finished: isStepFinished(move.to) ? move.atMs : null,
    outcome: move.outcome ?? null,
    failure: move.failure ?? null,
    reason: move.reason ?? null,
  };
}

function toStepEvent(runId: string, move: StepMove): NewEvent {
  const { step, to, attempt, atMs, outcome, failure, reason, retryInSeconds, worker } = move;
  const more = { outcome, failure, reason, retryInSeconds, worker };
  return { type: 'step_state', runId, atMs, step, state: to, attempt, ...more };
}
