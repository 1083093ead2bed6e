import type { Connection } from '../connector/connection.ts';
import type { JsonObject, JsonValue } from '../core/json.ts';
import type { LogLevel, Progress } from '../core/executor.ts';
import type { AlertsDefinition } from '../telemetry/alerts/definition.ts';
import type { TelemetryDefinition } from '../telemetry/definition.ts';

/** What `millrace.config.ts` exports by default. Folders are relative to the project's folder. */
export interface ProjectDefinition {
  readonly name: string;
  /** Connection that models, reports and syncs work in. Default: the only DuckDB or PostgreSQL one. */
  readonly warehouse?: string;
  /** A dbt project to build in the warehouse. Default: `transform/` when it exists. */
  readonly transform?: {
    readonly folder?: string;
    /** Schema for models without a schema of their own. */
    readonly schema?: string;
    readonly vars?: JsonObject;
  };
  readonly schedules?: readonly ScheduleDefinition[];
  /**
   * Where runs are remembered: `postgres://user:password@host/database?schema=name` lets several machines share the
   * project. `MILLRACE_LEDGER_URL` goes before it. Default: an SQLite file in the project's `.millrace` folder.
   */
  readonly ledger?: string;
  /** Steps of one run that may work at the same time. */
  readonly concurrency?: number;
  /** Steps of nodes with that `pool` that may work at the same time, over all runs, by the pool's name. */
  readonly pools?: Readonly<Record<string, number>>;
  /** What is told to other systems. Default: nothing. */
  readonly telemetry?: TelemetryDefinition;
  /** Who is told when something is wrong. Default: nobody. */
  readonly alerts?: AlertsDefinition;
}

export interface ScheduleDefinition {
  readonly name: string;
  /** Five fields, as cron has them, or `@hourly` and the like. */
  readonly cron: string;
  /** IANA name such as `America/Toronto`. Default: UTC. */
  readonly timeZone?: string;
  /** What to run, in the selection language. */
  readonly select: string;
}

/** Work that leaves no asset behind. Its node key is `task/<key>`. */
export interface TaskDefinition {
  readonly key: string;
  readonly description?: string;
  readonly tags?: readonly string[];
  /** Assets and tasks that must be done before. */
  readonly after?: readonly string[];
  /** Assets outside the graph's own loads that this task writes: they run after it. */
  readonly before?: readonly string[];
  /** An attempt that takes longer is stopped by its signal and counts as failed. Default: no limit. */
  readonly timeoutSeconds?: number;
  /** One of the project's `pools`, whose limit it shares. */
  readonly pool?: string;
  readonly run: (context: TaskContext) => Promise<TaskResult | void>;
}

export interface TaskContext {
  readonly connection: (name: string) => Promise<Connection>;
  readonly runId: string;
  readonly attempt: number;
  /** What the sensor or webhook that asked for the run handed over. */
  readonly input: JsonValue | undefined;
  /** The same when the step is repeated after a crash: keep it beside what you write. */
  readonly idempotencyKey: string;
  readonly signal: AbortSignal;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly log: (message: string, level?: LogLevel) => void;
  readonly progress: (progress: Progress) => void;
}

export interface TaskResult {
  readonly rows?: number;
  readonly metadata?: JsonObject;
}

/** Gives the project its types; checks happen when the project is opened. */
export function defineProject(definition: ProjectDefinition): ProjectDefinition {
  return definition;
}

export function defineSchedule(definition: ScheduleDefinition): ScheduleDefinition {
  return definition;
}

const taskMark = Symbol.for('millrace.task');

export function defineTask(definition: TaskDefinition): TaskDefinition {
  return Object.assign({ [taskMark]: true }, definition);
}

export function isTaskDefinition(value: unknown): value is TaskDefinition {
  return typeof value === 'object' && value !== null && taskMark in value;
}
