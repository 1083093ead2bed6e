import {
  keptTriggerTicks,
  type KeptTriggerTick,
  runKeyDays,
  type TriggerCommit,
  type TriggeredRun,
  type TriggerResult,
  type TriggerTick,
} from '../../core/trigger.ts';
import { integer, text, toJson } from '../record/row.ts';
import { isRepetition, settledTick, toTriggerTick, triggerTickColumns } from '../record/trigger.ts';
import { writeNote } from './notes.ts';
import { createRun } from './runs.ts';
import type { LedgerServer } from './server.ts';
import type { Session } from './session.ts';

/** Takes a commit back in which a cursor was written by somebody else. */
const lostTurn = Symbol('lost turn');

export async function commitTriggers(server: LedgerServer, commit: TriggerCommit): Promise<TriggerResult> {
  let isLost = false;
  try {
    return await server.write(async (session) => {
      isLost = false;
      for (const note of commit.notes) {
        isLost = !(await writeNote(session, note));
        if (isLost) throw lostTurn;
      }
      return { isWritten: true, runIds: await startRuns(session, commit) };
    });
  } catch (error) {
    if (isLost) return { isWritten: false };
    throw error;
  }
}

async function startRuns(session: Session, { runs, ticks }: TriggerCommit): Promise<readonly string[]> {
  const runIds: string[] = [];
  for (const triggered of runs) runIds.push(await claimKey(session, triggered));
  const starting = runs.flatMap(({ run }, index) => (runIds[index] === run.id ? [run] : []));
  const started = new Set(starting.map(({ id }) => id));
  for (const tick of ticks) await insertTriggerTick(session, settledTick(tick, started));
  for (const run of starting) await createRun(session, run, undefined);
  return runIds;
}

/** The id of the run with that key, which is this one if there was none. */
async function claimKey(session: Session, { run, key }: TriggeredRun): Promise<string> {
  if (!key) return run.id;
  const claimed = await session.run(
    'INSERT INTO run_keys (source, key, run_id, at_ms) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING',
    key.trigger,
    key.text,
    run.id,
    run.createdAtMs,
  );
  if (claimed === 1) return run.id;
  const known = await session.get(
    'SELECT run_id FROM run_keys WHERE source = $1 AND key = $2',
    key.trigger,
    key.text,
  );
  return known ? text(known, 'run_id') : run.id;
}

async function insertTriggerTick(session: Session, tick: TriggerTick): Promise<void> {
  const before = await session.get(
    `SELECT id, ${triggerTickColumns} FROM trigger_ticks WHERE source = $1 ORDER BY id DESC LIMIT 1`,
    tick.trigger,
  );
  if (before && isRepetition(tick, before)) {
    await session.run(
      'UPDATE trigger_ticks SET at_ms = $1, times = times + 1 WHERE id = $2',
      tick.atMs,
      integer(before, 'id'),
    );
    return;
  }
  await session.run(
    `INSERT INTO trigger_ticks (${triggerTickColumns}) VALUES ($1, $2, $3, 1, $4, $5, $6, $7)`,
    tick.trigger,
    tick.atMs,
    tick.atMs,
    tick.outcome,
    tick.reason ?? null,
    toJson(tick.runIds),
    toJson(tick.detail),
  );
  await session.run(
    `DELETE FROM trigger_ticks WHERE source = $1
       AND id <= (SELECT id FROM trigger_ticks WHERE source = $1 ORDER BY id DESC LIMIT 1 OFFSET $2)`,
    tick.trigger,
    keptTriggerTicks,
  );
}

export async function readTriggerTicks(
  session: Session,
  trigger: string,
  limit: number,
): Promise<readonly KeptTriggerTick[]> {
  const rows = await session.all(
    `SELECT ${triggerTickColumns} FROM trigger_ticks WHERE source = $1 ORDER BY id DESC LIMIT $2`,
    trigger,
    limit,
  );
  return rows.map((row) => toTriggerTick(row));
}

/** Forgets what triggers that are gone have left, and run keys that are too old. */
export async function deleteTriggerRemains(session: Session, beforeMs: number): Promise<void> {
  await session.run('DELETE FROM trigger_ticks WHERE at_ms < $1', beforeMs);
  await session.run('DELETE FROM run_keys WHERE at_ms < $1', beforeMs - runKeyDays * 86_400_000);
}
