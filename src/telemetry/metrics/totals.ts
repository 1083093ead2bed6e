import type { JsonObject, JsonValue } from '../../core/json.ts';
import type { NodeKey } from '../../core/node.ts';
import type { RunEvent, StepStateEvent } from '../../core/run-event.ts';
import { isRunFinished, isStepFinished } from '../../core/run-state.ts';

/** Counts since the ledger was made, over all processes. Kept in the ledger with the sequence that they go up to. */
export interface Totals extends JsonObject {
  readonly sequence: number;
  /** Finished runs by state. */
  readonly runs: Counts;
  /** Finished steps by `kind state`. */
  readonly steps: Counts;
  /** Attempts after the first by kind. */
  readonly retries: Counts;
  /** By kind. */
  readonly seconds: { readonly [kind: string]: Durations };
  /** By stream: a load's key. */
  readonly streams: { readonly [stream: string]: Counts };
  /** By a sync's key. */
  readonly syncs: { readonly [sync: string]: Counts };
  readonly takeovers: number;
  /** When running attempts began, by `run step`. */
  readonly started: Counts;
}

export type Counts = { readonly [name: string]: number };

/** A histogram: how many took at most so long, by `durationBounds`. */
export interface Durations extends JsonObject {
  readonly buckets: readonly number[];
  readonly sum: number;
  readonly count: number;
}

export const durationBounds: readonly number[] = [
  0.01, 0.1, 0.5, 1, 5, 15, 60, 300, 900, 3600, 14_400, 86_400,
];

/** Series of one kind. What comes later is counted together as `other`, so that a scrape stays small. */
const mostSeries = 2000;

export const noTotals: Totals = {
  sequence: 0,
  runs: {},
  steps: {},
  retries: {},
  seconds: {},
  streams: {},
  syncs: {},
  takeovers: 0,
  started: {},
};

/** The totals after these events, which follow on `totals.sequence`. */
export function addEvents(totals: Totals, events: readonly RunEvent[]): Totals {
  return events.reduce((before, event) => ({ ...addEvent(before, event), sequence: event.sequence }), totals);
}

function addEvent(totals: Totals, event: RunEvent): Totals {
  switch (event.type) {
    case 'run_state':
      return isRunFinished(event.state) ? { ...totals, runs: count(totals.runs, event.state) } : totals;
    case 'lease_taken':
      return event.epoch > 1 ? { ...totals, takeovers: totals.takeovers + 1 } : totals;
    case 'step_state':
      return addStep(totals, event);
    case 'step_log':
      return totals;
  }
}

function addStep(totals: Totals, event: StepStateEvent): Totals {
  const kind = kindOf(event.step);
  const entry = `${event.runId} ${event.step}`;
  if (event.state === 'running') {
    const retries = event.attempt > 1 ? count(totals.retries, kind) : totals.retries;
    return { ...totals, retries, started: { ...totals.started, [entry]: event.atMs } };
  }
  const { [entry]: startedAtMs, ...started } = totals.started;
  if (!isStepFinished(event.state)) return { ...totals, started };
  const { outcome } = event;
  const seconds = startedAtMs === undefined ? undefined : Math.max(0, event.atMs - startedAtMs) / 1000;
  return {
    ...totals,
    started,
    steps: count(totals.steps, `${kind} ${event.state}`),
    ...(seconds === undefined
      ? {}
      : { seconds: { ...totals.seconds, [kind]: addDuration(totals.seconds[kind], seconds) } }),
    ...(kind === 'asset' && outcome?.metadata['rowsRead'] !== undefined
      ? {
          streams: addCounts(totals.streams, event.step, {
            ...loadCounts(outcome.metadata),
            bytes: outcome.bytes ?? 0,
          }),
        }
      : {}),
    ...(kind === 'sync' && outcome
      ? { syncs: addCounts(totals.syncs, event.step, syncCounts(outcome.metadata)) }
      : {}),
  };
}

/** Every kind but assets is the first segment of its keys. */
function kindOf(key: NodeKey): string {
  return /^(task|check|sync|report)\//.exec(key)?.[1] ?? 'asset';
}

/** Of a stream, or of all that a wildcard stood for. */
function loadCounts(metadata: JsonObject): Counts {
  const several = metadata['streams'];
  const streams = Array.isArray(several) ? (several as readonly JsonObject[]) : [metadata];
  const sum = (name: string): number => streams.reduce((total, stream) => total + amount(stream[name]), 0);
  return {
    read: sum('rowsRead'),
    inserted: sum('rowsInserted'),
    updated: sum('rowsUpdated'),
    deleted: sum('rowsDeleted'),
    rejected: sum('rowsRejected'),
  };
}

function syncCounts({ inserted, updated, deleted, failed }: JsonObject): Counts {
  return { delivered: amount(inserted) + amount(updated) + amount(deleted), failed: amount(failed) };
}

function amount(value: JsonValue | undefined): number {
  return typeof value === 'number' && Number.isFinite(value) ? value : 0;
}

function count(counts: Counts, name: string, by = 1): Counts {
  return { ...counts, [name]: (counts[name] ?? 0) + by };
}

function addCounts<Group extends { readonly [name: string]: Counts }>(
  groups: Group,
  name: string,
  more: Counts,
): Group {
  const isKnown = groups[name] !== undefined || Object.keys(groups).length < mostSeries;
  const key = isKnown ? name : 'other';
  const sum = Object.entries(more).reduce((counts, [part, by]) => count(counts, part, by), groups[key] ?? {});
  return { ...groups, [key]: sum };
}

function addDuration(durations: Durations | undefined, seconds: number): Durations {
  const {
    buckets,
    sum,
    count: before,
  } = durations ?? {
    buckets: durationBounds.map(() => 0),
    sum: 0,
    count: 0,
  };
  return {
    buckets: durationBounds.map((bound, index) => (buckets[index] ?? 0) + (seconds <= bound ? 1 : 0)),
    sum: sum + seconds,
    count: before + 1,
  };
}
