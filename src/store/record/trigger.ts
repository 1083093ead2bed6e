import type { JsonValue } from '../../core/json.ts';
import type { KeptTriggerTick, TriggerTick } from '../../core/trigger.ts';
import { integer, optionalJson, optionalText, type Row, text, toJson } from './row.ts';

export const triggerTickColumns = 'source, at_ms, since_ms, times, outcome, reason, run_ids, detail';

export function toTriggerTick(row: Row): KeptTriggerTick {
  return {
    trigger: text(row, 'source'),
    atMs: integer(row, 'at_ms'),
    sinceMs: integer(row, 'since_ms'),
    times: integer(row, 'times'),
    outcome: text(row, 'outcome') as TriggerTick['outcome'],
    reason: optionalText(row, 'reason'),
    runIds: optionalJson(row, 'run_ids') as readonly string[],
    detail: optionalJson(row, 'detail') as JsonValue | undefined,
  };
}

/** The tick as it came out: of the runs that it wanted, those in `started` are there. */
export function settledTick(tick: TriggerTick, started: ReadonlySet<string>): TriggerTick {
  const runIds = tick.runIds.filter((id) => started.has(id));
  if (tick.outcome !== 'started' || runIds.length > 0) return { ...tick, runIds };
  return { ...tick, runIds, outcome: 'skipped', reason: 'Its run keys were there already' };
}

/** True when `tick` says nothing that the one before it did not say. */
export function isRepetition(tick: TriggerTick, before: Row | undefined): boolean {
  if (!before || tick.outcome !== 'skipped') return false;
  const known = toTriggerTick(before);
  return (
    known.outcome === 'skipped' &&
    known.reason === tick.reason &&
    toJson(known.detail) === toJson(tick.detail)
  );
}
