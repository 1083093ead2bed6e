import type { JsonValue } from './json.ts';
import type { NewRun, NoteWrite } from './ports.ts';

/** What a trigger (a sensor, a webhook, a condition) found when it was looked at. */
export interface TriggerTick {
  /** `sensor dumps`, `webhook refresh`, `condition shop/orders`. */
  readonly trigger: string;
  /** When it was last found so. Milliseconds since 1970, UTC. */
  readonly atMs: number;
  readonly outcome: 'started' | 'skipped' | 'failed';
  /** Why nothing was started, or what failed. */
  readonly reason?: string | undefined;
  /** The runs it started. */
  readonly runIds: readonly string[];
  /** How it came to its outcome, step by step. */
  readonly detail?: JsonValue | undefined;
}

/** As the ledger keeps it: the same skip again and again is one tick. */
export interface KeptTriggerTick extends TriggerTick {
  /** How often in a row, from 1. */
  readonly times: number;
  /** When it was first found so. */
  readonly sinceMs: number;
}

export interface TriggeredRun {
  readonly run: NewRun;
  /** Of the runs with the same trigger and key one is ever started. */
  readonly key?: { readonly trigger: string; readonly text: string } | undefined;
}

/** Everything that one look at triggers changes: written together or not at all. */
export interface TriggerCommit {
  /** Cursors. When somebody else has written one of them since, nothing is written. */
  readonly notes: readonly NoteWrite[];
  readonly runs: readonly TriggeredRun[];
  /** Their `runIds` name runs of this commit; one that was not started because of its key is left out. */
  readonly ticks: readonly TriggerTick[];
}

export type TriggerResult =
  | { readonly isWritten: false }
  /** For each run of the commit, in its order, the id of the run that has its key. */
  | { readonly isWritten: true; readonly runIds: readonly string[] };

/** Ticks that are kept of each trigger. */
export const keptTriggerTicks = 100;

/** Run keys are remembered for so long. */
export const runKeyDays = 400;
