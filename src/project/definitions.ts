import type { Connection } from '../connector/connection.ts';
import type { Condition } from '../core/condition.ts';
import type { JsonObject, JsonValue } from '../core/json.ts';
import type { LogLevel, Progress } from '../core/executor.ts';
import type { PartitionMapping } from '../core/partitions.ts';
import type { AlertsDefinition } from '../telemetry/alerts/definition.ts';
import type { TelemetryDefinition } from '../telemetry/definition.ts';
import type { AutomationRule, FreshnessDefinition, FreshnessRule } from './node-automation.ts';
import type { Partitions, Reading } from './partition-definitions.ts';

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
  /** Times that were missed while nothing was running: `none` is run for them (default), `last` one run, `all` a run for each. */
  readonly catchUp?: 'none' | 'last' | 'all';
  /** Starts up to so many seconds later, so that not everything starts at once. */
  readonly jitterSeconds?: number;
}

/** What tasks and assets of code have in common. */
interface CodeDefinition {
  readonly key: string;
  readonly description?: string;
  readonly tags?: readonly string[];
  /** Assets and tasks that must be done before. Of those with partitions too, the ones that belong to the partition that is made. */
  readonly after?: readonly string[];
  /** Assets outside the graph's own loads that it writes: they run after it. */
  readonly before?: readonly string[];
  /** An attempt that takes longer is stopped by its signal and counts as failed. Default: no limit. */
  readonly timeoutSeconds?: number;
  /** One of the project's `pools`, whose limit it shares. */
  readonly pool?: string;
  /** When it is made by itself, such as `eager()`. Default: never. */
  readonly automation?: Condition;
  /** How old it may be. */
  readonly freshness?: FreshnessDefinition;
  /** `external`: it does what cannot be done twice without harm, so backfills leave it out unless asked. */
  readonly effects?: 'external';
}

/** Made as a whole. */
interface WholeWork {
  readonly partitions?: undefined;
  readonly run: (context: TaskContext) => Promise<TaskResult | void>;
}

/** Made by a step for each partition, or for `partitionsPerStep` that lie side by side. */
type PartitionWork<Partition, Name extends string> = {
  readonly partitions: Partitions<Partition, Name>;
  /** Each partition reads the one before it, so they are made in order. */
  readonly sequential?: boolean;
} & (
  | {
      readonly partitionsPerStep?: undefined;
      readonly run: (context: TaskContext & { readonly partition: Partition }) => Promise<TaskResult | void>;
    }
  | {
      readonly partitionsPerStep: number | 'all';
      readonly run: (
        context: TaskContext & { readonly partitions: PartitionList<Partition> },
      ) => Promise<TaskResult | void>;
    }
);

/** The partitions that one step makes, in order. */
export interface PartitionList<Partition> extends Iterable<Partition> {
  /** Such as `2024-01-01..2024-01-31`. */
  readonly text: string;
  readonly count: number;
}

/** Work that leaves no asset behind. Its node key is `task/<key>`. */
export interface TaskDefinition extends CodeDefinition, WholeWork {}

export type PartitionedTask<Partition, Name extends string> = CodeDefinition & PartitionWork<Partition, Name>;

interface AssetParts<Name extends string> extends CodeDefinition {
  /** What it reads: keys of nodes, assets of code, or these with a mapping of partitions, whose names are dimensions of this asset. */
  readonly deps?: readonly (string | AnyAsset | Reading<NoInfer<Name>>)[];
  /** Heading under which the page draws it. Default: `assets`. */
  readonly group?: string;
  /** The table that it is kept in, so that models, replications and reports which name the table are connected with it. */
  readonly relation?: { readonly connection: string; readonly schema: string; readonly name: string };
}

/** Something that a function keeps up to date. Its node key is `key`. */
export type AssetDefinition = AssetParts<never> & WholeWork;

export type PartitionedAsset<Partition, Name extends string> = AssetParts<Name> &
  PartitionWork<Partition, Name>;

/** Any asset of code, as one that is read. */
interface AnyAsset {
  readonly key: string;
  readonly run: unknown;
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
  /** Adds keys to the list of `dynamicPartitions(set)`; returns how many were new. */
  readonly addPartitionKeys: (set: string, keys: readonly string[]) => Promise<number>;
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

const definitionMark: unique symbol = Symbol.for('millrace.definition');

/** Work as it is read from a file, whatever its types were. */
export interface CodeNode extends CodeDefinition {
  readonly [definitionMark]: 'task' | 'asset';
  readonly deps?: readonly (string | { readonly key: string; readonly mapping?: PartitionMapping })[];
  readonly group?: string;
  readonly relation?: { readonly connection: string; readonly schema: string; readonly name: string };
  readonly partitions?: Partitions<unknown, string>;
  readonly partitionsPerStep?: number | 'all';
  readonly sequential?: boolean;
  readonly run: (
    context: TaskContext & { readonly partition?: unknown; readonly partitions?: PartitionList<unknown> },
  ) => Promise<TaskResult | void>;
}

export function defineTask(definition: TaskDefinition): TaskDefinition;
export function defineTask<Partition, Name extends string>(
  definition: PartitionedTask<Partition, Name>,
): PartitionedTask<Partition, Name>;
export function defineTask(definition: object): object {
  return Object.assign({ [definitionMark]: 'task' }, definition);
}

export function defineAsset(definition: AssetDefinition): AssetDefinition;
export function defineAsset<Partition, Name extends string>(
  definition: PartitionedAsset<Partition, Name>,
): PartitionedAsset<Partition, Name>;
export function defineAsset(definition: object): object {
  return Object.assign({ [definitionMark]: 'asset' }, definition);
}

/** What `defineTask` or `defineAsset` has made. */
export function isCodeNode(value: unknown): value is CodeNode {
  return typeof value === 'object' && value !== null && definitionMark in value;
}

/** True for what `defineAsset` has made. */
export function isAsset(definition: CodeNode): boolean {
  return definition[definitionMark] === 'asset';
}
