import type { Completion, StepOutcome } from '../../core/executor.ts';
import type { NodeKey } from '../../core/node.ts';
import { toCompletion } from '../record/completion.ts';
import { integer, toJson } from '../record/row.ts';
import type { LedgerDatabase } from './database.ts';

const columns =
  'completions.key, completions.run_id, completions.finished_at_ms, completions.duration_ms, completions.outcome';

export function insertCompletion(database: LedgerDatabase, completion: Completion): void {
  const { key, runId, finishedAtMs, durationMs, ...outcome } = completion;
  const row = database.get(
    `INSERT INTO completions (key, run_id, finished_at_ms, duration_ms, outcome) VALUES (?, ?, ?, ?, ?) RETURNING id`,
    key,
    runId,
    finishedAtMs,
    durationMs,
    toJson(outcome satisfies StepOutcome & Pick<Completion, 'partitions'>),
  );
  database.run(
    `INSERT INTO latest_completions (key, completion_id) VALUES (?, ?)
     ON CONFLICT (key) DO UPDATE SET completion_id = excluded.completion_id`,
    key,
    row ? integer(row, 'id') : null,
  );
}

export function latestCompletions(
  database: LedgerDatabase,
  keys: readonly NodeKey[] | undefined,
): readonly Completion[] {
  const join = `SELECT ${columns} FROM latest_completions JOIN completions ON completions.id = completion_id`;
  const rows = keys
    ? database.all(
        `${join} WHERE latest_completions.key IN (SELECT value FROM json_each(?)) ORDER BY completions.key`,
        JSON.stringify(keys),
      )
    : database.all(`${join} ORDER BY completions.key`);
  return rows.map((row) => toCompletion(row));
}

export function completionHistory(
  database: LedgerDatabase,
  key: NodeKey,
  limit: number,
): readonly Completion[] {
  const rows = database.all(
    `SELECT ${columns} FROM completions WHERE key = ? ORDER BY id DESC LIMIT ?`,
    key,
    limit,
  );
  return rows.map((row) => toCompletion(row));
}
