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
  /** True: when times were missed while nothing was running, run once for the last of them. Default false. */
  readonly catchUp?: boolean;
  readonly options?: RunOptions;
  readonly origin?: Origin;
}
