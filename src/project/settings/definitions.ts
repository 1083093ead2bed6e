import type { AlertsDefinition } from '../../telemetry/alerts/definition.ts';
import type { TelemetryDefinition } from '../../telemetry/definition.ts';
import type { ConnectionDefinition } from './connection-definition.ts';
import type { AutomationRule, FreshnessRule } from './node-automation.ts';
import type { KubernetesDefinition } from './pod-settings.ts';
import type { TransformDefinition } from './transform-definition.ts';

/** What `millrace.config.ts` exports by default. Folders are relative to the project's folder. */
export interface ProjectDefinition {
  readonly name: string;
  /** Connection that models, reports and syncs work in. Default: the only DuckDB or PostgreSQL one. */
  readonly warehouse?: string;
  /** Default: `transform/` when it exists. */
  readonly transform?: TransformDefinition;
  /** Beside those of `connections.yaml`. */
  readonly connections?: readonly ConnectionDefinition[];
  readonly schedules?: readonly ScheduleDefinition[];
  /** When nodes are made by themselves. */
  readonly automation?: readonly AutomationRule[];
  /** How old nodes may be. */
  readonly freshness?: readonly FreshnessRule[];
  /**
   * Where runs are remembered: `postgres://user:password@host/database?schema=name` lets several machines share the
   * project. `MILLRACE_LEDGER_URL` goes before it. Default: an SQLite file in the project's `.millrace` folder.
   */
  readonly ledger?: string;
  /** Steps of one run that may work at the same time. */
  readonly concurrency?: number;
  /** Steps of nodes with that `pool` that may work at the same time, over all runs, by the pool's name; or more about the pool. */
  readonly pools?: Readonly<Record<string, number | PoolDefinition>>;
  /** Where steps with `isolation: 'kubernetes'` work. */
  readonly kubernetes?: KubernetesDefinition;
  /** What is told to other systems. Default: nothing. */
  readonly telemetry?: TelemetryDefinition;
  /** Who is told when something is wrong. Default: nobody. */
  readonly alerts?: AlertsDefinition;
}

export interface PoolDefinition {
  /** Steps of it that may work at the same time, over all runs. Default: no limit. */
  readonly limit?: number;
  /** Its steps are left to workers that were started for it: `millrace worker --pool name`. Default false. */
  readonly workers?: boolean;
  /** These nodes are in it, unless they say another pool themselves. In the selection language. */
  readonly select?: string;
}

export interface ScheduleDefinition {
  readonly name: string;
  /** Five fields, as cron has them, or `@hourly` and the like. */
  readonly cron: string;
  /** IANA name such as `America/Toronto`. Default: UTC. */
  readonly timeZone?: string;
  /** What to run, in the selection language. */
  readonly select: string;
  /** Times that were missed while nothing was running: `none` is run for them (default), `last` one run, `all` a run for each. */
  readonly catchUp?: 'none' | 'last' | 'all';
  /** Starts up to so many seconds later, so that not everything starts at once. */
  readonly jitterSeconds?: number;
}

/** Gives the project its types; checks happen when the project is opened. */
export function defineProject(definition: ProjectDefinition): ProjectDefinition {
  return definition;
}

export function defineSchedule(definition: ScheduleDefinition): ScheduleDefinition {
  return definition;
}
