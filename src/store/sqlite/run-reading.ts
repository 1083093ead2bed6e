import type { RunRecord, RunSummary } from '../../core/ledger.ts';
import type { OpenRun, RunFilter } from '../../core/ports.ts';
import type { RunState } from '../../core/run-state.ts';
import { integer, text } from '../record/row.ts';
import { summaryColumns, toOpenRun, toRunRecord, toSummary } from '../record/run.ts';
import type { LedgerDatabase } from './database.ts';

export function runState(database: LedgerDatabase, runId: string): RunState | undefined {
  const row = database.get('SELECT state FROM runs WHERE id = ?', runId);
  return row ? (text(row, 'state') as RunState) : undefined;
}

export function findRun(database: LedgerDatabase, runId: string): RunRecord | undefined {
  return database.read(() => {
    const row = database.get(
      `SELECT ${summaryColumns}, plan FROM runs JOIN plans ON digest = plan_digest WHERE id = ?`,
      runId,
    );
    if (!row) return undefined;
    return toRunRecord(row, database.all('SELECT * FROM steps WHERE run_id = ? ORDER BY position', runId));
  });
}

export function listRuns(database: LedgerDatabase, filter: RunFilter): readonly RunSummary[] {
  const conditions = ['1 = 1'];
  const values: (string | number)[] = [];
  if (filter.states) {
    conditions.push('state IN (SELECT value FROM json_each(?))');
    values.push(JSON.stringify(filter.states));
  }
  if (filter.schedule !== undefined) {
    conditions.push('schedule = ?');
    values.push(filter.schedule);
  }
  if (filter.beforeMs !== undefined) {
    conditions.push('created_at_ms < ?');
    values.push(filter.beforeMs);
  }
  const sql = `SELECT ${summaryColumns} FROM runs WHERE ${conditions.join(' AND ')} ORDER BY created_at_ms DESC, rowid DESC LIMIT ?`;
  return database.read(() =>
    database.all(sql, ...values, filter.limit).map((row) => {
      const counts = database.all(
        'SELECT state, count(*) AS steps FROM steps WHERE run_id = ? GROUP BY state',
        text(row, 'id'),
      );
      const states = counts.map((count) => [text(count, 'state'), integer(count, 'steps')] as const);
      return toSummary(row, Object.fromEntries(states));
    }),
  );
}

export function openRuns(database: LedgerDatabase): readonly OpenRun[] {
  const rows = database.all(
    `SELECT id, state, owner, epoch, lease_expires_at_ms, held_at_ms, enqueued_by, priority FROM runs
     WHERE finished_at_ms IS NULL ORDER BY priority DESC, created_at_ms, rowid`,
  );
  return rows.map((row) => toOpenRun(row));
}
