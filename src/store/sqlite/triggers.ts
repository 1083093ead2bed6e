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
import type { LedgerDatabase } from './database.ts';
import { insertNote } from './notes.ts';
import { insertRun } from './runs.ts';

/** Takes a commit back in which a cursor was written by somebody else. */
const lostTurn = Symbol('lost turn');

export function commitTriggers(database: LedgerDatabase, commit: TriggerCommit): TriggerResult {
  let isLost = false;
  try {
    return database.write(() => {
      isLost = !commit.notes.every((note) => insertNote(database, note));
      if (isLost) throw lostTurn;
      const runIds = commit.runs.map((triggered) => startRun(database, triggered));
      const started = new Set(
        commit.runs.flatMap(({ run }, index) => (runIds[index] === run.id ? [run.id] : [])),
      );
      for (const tick of commit.ticks) insertTriggerTick(database, settledTick(tick, started));
      return { isWritten: true, runIds };
    });
  } catch (error) {
    if (isLost) return { isWritten: false };
    throw error;
  }
}

/** The id of the run with that key, which is this one if there was none. */
function startRun(database: LedgerDatabase, { run, key }: TriggeredRun): string {
  if (key) {
    const known = database.get(
      'SELECT run_id FROM run_keys WHERE source = ? AND key = ?',
      key.trigger,
      key.text,
    );
    if (known) return text(known, 'run_id');
    database.run(
      'INSERT INTO run_keys (source, key, run_id, at_ms) VALUES (?, ?, ?, ?)',
      key.trigger,
      key.text,
      run.id,
      run.createdAtMs,
    );
  }
  insertRun(database, run);
  return run.id;
}

function insertTriggerTick(database: LedgerDatabase, tick: TriggerTick): void {
  const before = database.get(
    `SELECT id, ${triggerTickColumns} FROM trigger_ticks WHERE source = ? ORDER BY id DESC LIMIT 1`,
    tick.trigger,
  );
  if (before && isRepetition(tick, before)) {
    database.run(
      'UPDATE trigger_ticks SET at_ms = ?, times = times + 1 WHERE id = ?',
      tick.atMs,
      integer(before, 'id'),
    );
    return;
  }
  database.run(
    `INSERT INTO trigger_ticks (${triggerTickColumns}) VALUES (?, ?, ?, 1, ?, ?, ?, ?)`,
    tick.trigger,
    tick.atMs,
    tick.atMs,
    tick.outcome,
    tick.reason ?? null,
    toJson(tick.runIds),
    toJson(tick.detail),
  );
  database.run(
    `DELETE FROM trigger_ticks WHERE source = ?
       AND id <= (SELECT id FROM trigger_ticks WHERE source = ? ORDER BY id DESC LIMIT 1 OFFSET ?)`,
    tick.trigger,
    tick.trigger,
    keptTriggerTicks,
  );
}

export function readTriggerTicks(
  database: LedgerDatabase,
  trigger: string,
  limit: number,
): readonly KeptTriggerTick[] {
  const rows = database.all(
    `SELECT ${triggerTickColumns} FROM trigger_ticks WHERE source = ? ORDER BY id DESC LIMIT ?`,
    trigger,
    limit,
  );
  return rows.map((row) => toTriggerTick(row));
}

/** Forgets what triggers that are gone have left, and run keys that are too old. */
export function deleteTriggerRemains(database: LedgerDatabase, beforeMs: number): void {
  database.run('DELETE FROM trigger_ticks WHERE at_ms < ?', beforeMs);
  database.run('DELETE FROM run_keys WHERE at_ms < ?', beforeMs - runKeyDays * 86_400_000);
}
