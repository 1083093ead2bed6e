import type { Failure } from '../../core/errors.ts';
import type { StepOutcome } from '../../core/executor.ts';
import { type StepItem, withItems } from '../../core/fan-out.ts';
import type { JsonValue } from '../../core/json.ts';
import type { RunLease, RunRecord, RunSummary, RunTrigger, StepRecord } from '../../core/ledger.ts';
import type { Plan, PlanStep } from '../../core/plan.ts';
import type { OpenRun } from '../../core/ports.ts';
import { stepTransitions, type RunState, type StepState } from '../../core/run-state.ts';
import { integer, optionalInteger, optionalJson, optionalText, text, type Row } from './row.ts';

/** What `toSummary` reads. */
export const summaryColumns = `id, state, selection, "trigger", created_at_ms, started_at_ms, finished_at_ms, failure, epoch, owner, lease_expires_at_ms, held_at_ms`;

type StepCounts = Readonly<Record<StepState, number>>;

const noSteps = Object.fromEntries(Object.keys(stepTransitions).map((state) => [state, 0])) as StepCounts;

/** From the run's row, with its plan, and its steps' rows in the order in which they were added. */
export function toRunRecord(row: Row, stepRows: readonly Row[]): RunRecord {
  const items = stepRows.flatMap((stepRow) => (optionalJson(stepRow, 'item') as StepItem | undefined) ?? []);
  const plan = withItems(JSON.parse(text(row, 'plan')) as Plan, items);
  const byKey = new Map(stepRows.map((stepRow) => [text(stepRow, 'key'), stepRow]));
  const steps = plan.steps.flatMap((step) => toStep(byKey.get(step.key), step));
  const counts: Record<StepState, number> = { ...noSteps };
  for (const step of steps) counts[step.state] += 1;
  return { ...toSummary(row, counts), plan, steps };
}

/** `counts` may leave out states that no step is in. */
export function toSummary(row: Row, counts: Partial<StepCounts>): RunSummary {
  return {
    id: text(row, 'id'),
    state: text(row, 'state') as RunState,
    selection: text(row, 'selection'),
    trigger: JSON.parse(text(row, 'trigger')) as RunTrigger,
    createdAtMs: integer(row, 'created_at_ms'),
    startedAtMs: optionalInteger(row, 'started_at_ms'),
    finishedAtMs: optionalInteger(row, 'finished_at_ms'),
    failure: optionalJson(row, 'failure') as Failure | undefined,
    stepCounts: { ...noSteps, ...counts },
    heldAtMs: optionalInteger(row, 'held_at_ms'),
    lease: toLease(row),
  };
}

export function toOpenRun(row: Row): OpenRun {
  return {
    id: text(row, 'id'),
    state: text(row, 'state') as RunState,
    epoch: integer(row, 'epoch'),
    ...(optionalInteger(row, 'held_at_ms') === undefined ? {} : { isHeld: true }),
    priority: integer(row, 'priority'),
    enqueuedBy: optionalText(row, 'enqueued_by'),
    lease: toLease(row),
  };
}

/** From columns `id, owner, epoch, lease_expires_at_ms`. */
function toLease(row: Row): RunLease | undefined {
  const owner = optionalText(row, 'owner');
  if (owner === undefined) return undefined;
  return {
    runId: text(row, 'id'),
    owner,
    epoch: integer(row, 'epoch'),
    expiresAtMs: optionalInteger(row, 'lease_expires_at_ms') ?? 0,
  };
}

function toStep(row: Row | undefined, planned: PlanStep): readonly StepRecord[] {
  if (!row) return [];
  return [
    {
      key: planned.key,
      ...(planned.node === undefined ? {} : { node: planned.node }),
      ...(planned.partitions ? { partitions: planned.partitions } : {}),
      ...(planned.item ? { item: planned.item } : {}),
      kind: planned.kind,
      type: planned.type,
      check: planned.check,
      state: text(row, 'state') as StepState,
      attempt: integer(row, 'attempt'),
      interruptions: integer(row, 'interruptions'),
      startedAtMs: optionalInteger(row, 'started_at_ms'),
      finishedAtMs: optionalInteger(row, 'finished_at_ms'),
      outcome: optionalJson(row, 'outcome') as StepOutcome | undefined,
      failure: optionalJson(row, 'failure') as Failure | undefined,
      reason: optionalText(row, 'reason'),
      checkpoint: optionalJson(row, 'checkpoint') as JsonValue | undefined,
    },
  ];
}
