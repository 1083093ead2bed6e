import type { Origin } from './origin.ts';
import type { RunOptions } from './plan.ts';

/** When to run which part of the graph. */
export interface ScheduleDefinition {
  /** Unique in the project. */
  readonly name: string;
  /** Five cron fields, or `@hourly`, `@daily`, `@weekly`, `@monthly`, `@yearly`. */
  readonly cron: string;
  /** IANA name, such as `Europe/Berlin`. */
  readonly timeZone: string;
  /** Selection expression (see `selection.ts`); empty means everything. */
  readonly select: string;
  readonly exclude?: string;
  /**
   * What becomes of times that were missed while nothing was running: true runs once, for the last of them; `all` runs for
   * each, oldest first, the newest 100 at most. Default false.
   */
  readonly catchUp?: boolean | 'all';
  /** Starts that many seconds later at most, by an amount that is the same for the same time. Default 0. */
  readonly jitterSeconds?: number;
  readonly options?: RunOptions;
  readonly origin?: Origin;
}
