import type { Failure } from '../../core/errors.ts';
import type { StepOutcome } from '../../core/executor.ts';
import type { JsonValue } from '../../core/json.ts';
import type { RunRecord, RunSummary, RunTrigger, StepRecord } from '../../core/ledger.ts';
import type { Plan, PlanStep } from '../../core/plan.ts';
import type { RunFilter } from '../../core/ports.ts';
import { stepTransitions, type RunState, type StepState } from '../../core/run-state.ts';
import type { LedgerDatabase } from './database.ts';
import { integer, optionalInteger, optionalJson, optionalText, text, type Row } from './row.ts';
import { toLease } from './runs.ts';

const summaryColumns = `id, state, selection, "trigger", created_at_ms, started_at_ms, finished_at_ms, failure, epoch, owner, lease_expires_at_ms`;

export function runState(database: LedgerDatabase, runId: string): RunState | undefined {
  const row = database.get('SELECT state FROM runs WHERE id = ?', runId);
  return row ? (text(row, 'state') as RunState) : undefined;
}

export function findRun(database: LedgerDatabase, runId: string): RunRecord | undefined {
  return database.read(() => {
    const row = database.get(`SELECT ${summaryColumns}, plan FROM runs WHERE id = ?`, runId);
    if (!row) return undefined;
    const plan = JSON.parse(text(row, 'plan')) as Plan;
    const rows = database.all('SELECT * FROM steps WHERE run_id = ? ORDER BY position', runId);
    const byKey = new Map(plan.steps.map((step) => [step.key, step]));
    const steps = rows.flatMap((stepRow) => toStep(stepRow, byKey.get(text(stepRow, 'key'))));
    return { ...toSummary(row, countStates(steps)), plan, steps };
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
      return toSummary(row, { ...noSteps, ...Object.fromEntries(states) });
    }),
  );
}

type StepCounts = Readonly<Record<StepState, number>>;

const noSteps = Object.fromEntries(Object.keys(stepTransitions).map((state) => [state, 0])) as StepCounts;

function countStates(steps: readonly StepRecord[]): StepCounts {
  const counts: Record<StepState, number> = { ...noSteps };
  for (const step of steps) counts[step.state] += 1;
  return counts;
}

function toSummary(row: Row, stepCounts: StepCounts): RunSummary {
  return {
    id: text(row, 'id'),
    state: text(row, 'state') as RunState,
    selection: text(row, 'selection'),
    trigger: JSON.parse(text(row, 'trigger')) as RunTrigger,
    createdAtMs: integer(row, 'created_at_ms'),
    startedAtMs: optionalInteger(row, 'started_at_ms'),
    finishedAtMs: optionalInteger(row, 'finished_at_ms'),
    failure: optionalJson(row, 'failure') as Failure | undefined,
    stepCounts,
    lease: toLease(row),
  };
}

function toStep(row: Row, planned: PlanStep | undefined): readonly StepRecord[] {
  if (!planned) return [];
  return [
    {
      key: planned.key,
      kind: planned.kind,
      type: planned.type,
      check: planned.check,
      state: text(row, 'state') as StepState,
      attempt: integer(row, 'attempt'),
      startedAtMs: optionalInteger(row, 'started_at_ms'),
      finishedAtMs: optionalInteger(row, 'finished_at_ms'),
      outcome: optionalJson(row, 'outcome') as StepOutcome | undefined,
      failure: optionalJson(row, 'failure') as Failure | undefined,
      reason: optionalText(row, 'reason'),
      checkpoint: optionalJson(row, 'checkpoint') as JsonValue | undefined,
    },
  ];
}
