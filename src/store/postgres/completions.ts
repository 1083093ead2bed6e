import type { Completion, StepOutcome } from '../../core/executor.ts';
import type { NodeKey } from '../../core/node.ts';
import { toCompletion } from '../record/completion.ts';
import { toJson } from '../record/row.ts';
import type { Session } from './session.ts';

const columns =
  'completions.key, completions.run_id, completions.finished_at_ms, completions.duration_ms, completions.outcome';

export async function insertCompletion(session: Session, completion: Completion): Promise<void> {
  const { key, runId, finishedAtMs, durationMs, ...outcome } = completion;
  await session.run(
    `WITH added AS (
       INSERT INTO completions (key, run_id, finished_at_ms, duration_ms, outcome)
       VALUES ($1, $2, $3, $4, $5) RETURNING key, id
     )
     INSERT INTO latest_completions AS latest (key, completion_id) SELECT key, id FROM added
     ON CONFLICT (key) DO UPDATE SET completion_id = greatest(latest.completion_id, excluded.completion_id)`,
    key,
    runId,
    finishedAtMs,
    durationMs,
    toJson(outcome satisfies StepOutcome & Pick<Completion, 'partitions'>),
  );
}

export async function latestCompletions(
  session: Session,
  keys: readonly NodeKey[] | undefined,
): Promise<readonly Completion[]> {
  const join = `SELECT ${columns} FROM latest_completions JOIN completions ON completions.id = completion_id`;
  const order = 'ORDER BY completions.key COLLATE "C"';
  const rows = keys
    ? await session.all(`${join} WHERE latest_completions.key = ANY($1) ${order}`, keys)
    : await session.all(`${join} ${order}`);
  return rows.map((row) => toCompletion(row));
}

export async function completionHistory(
  session: Session,
  key: NodeKey,
  limit: number,
): Promise<readonly Completion[]> {
  const rows = await session.all(
    `SELECT ${columns} FROM completions WHERE key = $1 ORDER BY id DESC LIMIT $2`,
    key,
    limit,
  );
  return rows.map((row) => toCompletion(row));
}
