import type { Connection } from '../../connector/connection.ts';
import type { Condition } from '../../core/condition.ts';
import type { LogLevel, Progress } from '../../core/executor.ts';
import type { JsonObject, JsonValue } from '../../core/json.ts';
import type { NodeKey, RetryPolicy } from '../../core/node.ts';
import type { PartitionMapping } from '../../core/partitions.ts';
import type { ItemOf, ItemResult, ItemSource, MadeForEach, ResultsOf } from './fan-out-definitions.ts';
import type { FreshnessDefinition } from '../settings/node-automation.ts';
import type { Partitions, Reading } from './partition-definitions.ts';

/** What tasks, checks and assets of code have in common. */
interface CodeDefinition {
  readonly key: string;
  readonly description?: string;
  readonly tags?: readonly string[];
  /** What must be done before, by key or as what `define...` has made. Of those with partitions too, the ones that belong to the partition that is made. */
  readonly after?: readonly (string | AnyCode)[];
  /** Assets outside the graph's own loads that it writes: they run after it. */
  readonly before?: readonly string[];
  /** An attempt that takes longer is stopped by its signal and counts as failed. Default: no limit. */
  readonly timeoutSeconds?: number;
  /** What is done about passing trouble. Default: three tries, after 1 s and 2 s. */
  readonly retry?: Partial<RetryPolicy>;
  /** One of the project's `pools`, whose limit it shares. */
  readonly pool?: string;
  /** `owner`: no worker runs it, only the process that owns the project; for what opens its DuckDB file. */
  readonly runsOn?: 'owner';
  /**
   * `process`: it works in a process of its own, which is ended when the step is stopped, and whose end by itself is a
   * failed step and nothing else. `kubernetes`: in a pod of the cluster that the project's `kubernetes` names. Default: in the process of the engine.
   */
  readonly isolation?: 'process' | 'kubernetes';
  /** Most memory of that process. Default: as much as Node takes by itself. */
  readonly memoryMegabytes?: number;
  /** When it is made by itself, such as `eager()`. Default: never. */
  readonly automation?: Condition;
  /** How old it may be. */
  readonly freshness?: FreshnessDefinition;
  /** `external`: it does what cannot be done twice without harm, so backfills leave it out unless asked. */
  readonly effects?: 'external';
}

/** Made as a whole. */
interface WholeWork<Result> {
  readonly partitions?: undefined;
  readonly forEach?: undefined;
  readonly collect?: undefined;
  readonly run: (context: TaskContext) => Promise<Result>;
}

/** Made once for each item that another finds while the run goes on. */
interface EachWork<Source extends ItemSource, Result> {
  readonly partitions?: undefined;
  readonly collect?: undefined;
  /** What finds them, by returning `{ items: [...] }`. */
  readonly forEach: Source;
  /** So many items at the same time. Default: as many as the engine and the pool allow. */
  readonly itemsAtOnce?: number;
  readonly run: (
    context: TaskContext & { readonly item: ItemOf<Source>; readonly itemKey: string },
  ) => Promise<Result>;
}

/** Made once all items of another are done. */
interface CollectWork<Each extends MadeForEach, Result> {
  readonly partitions?: undefined;
  readonly forEach?: undefined;
  /** What is made for each item; what came of them is in `results`. */
  readonly collect: Each;
  readonly run: (context: TaskContext & { readonly results: ResultsOf<Each> }) => Promise<Result>;
}

/** Made by a step for each partition, or for `partitionsPerStep` that lie side by side. */
type PartitionWork<Partition, Name extends string> = {
  readonly partitions: Partitions<Partition, Name>;
  readonly forEach?: undefined;
  readonly collect?: undefined;
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

type AnyResult = TaskResult | void;

/** Work that leaves no asset behind. Its node key is `task/<key>`. */
export type TaskDefinition<Result = AnyResult> = CodeDefinition & WholeWork<Result>;

export type TaskForEach<Source extends ItemSource, Result = AnyResult> = CodeDefinition &
  EachWork<Source, Result>;

export type CollectingTask<Each extends MadeForEach, Result = AnyResult> = CodeDefinition &
  CollectWork<Each, Result>;

export type PartitionedTask<Partition, Name extends string> = CodeDefinition & PartitionWork<Partition, Name>;

interface AssetParts<Name extends string> extends CodeDefinition {
  /** What it reads: keys of nodes, assets of code, or these with a mapping of partitions, whose names are dimensions of this asset. */
  readonly deps?: readonly (string | AnyCode | Reading<NoInfer<Name>>)[];
  /** Heading under which the page draws it. Default: `assets`. */
  readonly group?: string;
  /** The table that it is kept in, so that models, replications and reports which name the table are connected with it. */
  readonly relation?: { readonly connection: string; readonly schema: string; readonly name: string };
}

/** Something that a function keeps up to date. Its node key is `key`. */
export type AssetDefinition<Result = AnyResult> = AssetParts<never> & WholeWork<Result>;

export type AssetForEach<Source extends ItemSource, Result = AnyResult> = AssetParts<never> &
  EachWork<Source, Result>;

export type CollectingAsset<Each extends MadeForEach, Result = AnyResult> = AssetParts<never> &
  CollectWork<Each, Result>;

export type PartitionedAsset<Partition, Name extends string> = AssetParts<Name> &
  PartitionWork<Partition, Name>;

/** A test of an asset. Its node key is `check/<key>`. */
export interface CheckDefinition extends CodeDefinition {
  readonly asset: string | AnyCode;
  /** `error` (default): one that fails stops what reads the asset. `warn`: it is only shown. */
  readonly severity?: 'error' | 'warn';
  readonly partitions?: undefined;
  readonly run: (context: TaskContext) => Promise<CheckResult>;
}

export interface CheckResult {
  readonly passed: boolean;
  /** Rows that broke the rule. */
  readonly failures?: number;
  readonly message?: string;
  readonly metadata?: JsonObject;
}

/** Anything of code, as what is read or comes before. */
interface AnyCode {
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
  /** What was found: what says `forEach` of this is made for each. No secrets: they are kept in the ledger. */
  readonly items?: readonly JsonValue[];
  /** What those that `collect` this are told of the item. */
  readonly value?: JsonValue;
}

const definitionMark: unique symbol = Symbol.for('millrace.definition');

/** Work as it is read from a file, whatever its types were. */
export interface CodeNode extends CodeDefinition {
  readonly [definitionMark]: 'task' | 'asset' | 'check';
  readonly deps?: readonly (string | { readonly key: string; readonly mapping?: PartitionMapping })[];
  readonly group?: string;
  readonly relation?: { readonly connection: string; readonly schema: string; readonly name: string };
  readonly partitions?: Partitions<unknown, string>;
  readonly partitionsPerStep?: number | 'all';
  readonly sequential?: boolean;
  readonly forEach?: ItemSource;
  readonly itemsAtOnce?: number;
  readonly collect?: MadeForEach;
  readonly asset?: string | AnyCode;
  readonly severity?: 'error' | 'warn';
  readonly run: (context: AnyContext) => Promise<TaskResult | CheckResult | void>;
}

/** What the function of any definition is given. */
export interface AnyContext extends TaskContext {
  readonly partition?: unknown;
  readonly partitions?: PartitionList<unknown>;
  readonly item?: JsonValue;
  readonly itemKey?: string;
  readonly results?: readonly ItemResult<JsonValue, JsonValue | undefined>[];
}

export function defineTask<Source extends ItemSource, Result extends AnyResult>(
  definition: TaskForEach<Source, Result>,
): TaskForEach<Source, Result>;
export function defineTask<Each extends MadeForEach, Result extends AnyResult>(
  definition: CollectingTask<Each, Result>,
): CollectingTask<Each, Result>;
export function defineTask<Result extends AnyResult>(
  definition: TaskDefinition<Result>,
): TaskDefinition<Result>;
export function defineTask<Partition, Name extends string>(
  definition: PartitionedTask<Partition, Name>,
): PartitionedTask<Partition, Name>;
export function defineTask(definition: object): object {
  return markedCode(definition, 'task');
}

export function defineAsset<Source extends ItemSource, Result extends AnyResult>(
  definition: AssetForEach<Source, Result>,
): AssetForEach<Source, Result>;
export function defineAsset<Each extends MadeForEach, Result extends AnyResult>(
  definition: CollectingAsset<Each, Result>,
): CollectingAsset<Each, Result>;
export function defineAsset<Result extends AnyResult>(
  definition: AssetDefinition<Result>,
): AssetDefinition<Result>;
export function defineAsset<Partition, Name extends string>(
  definition: PartitionedAsset<Partition, Name>,
): PartitionedAsset<Partition, Name>;
export function defineAsset(definition: object): object {
  return markedCode(definition, 'asset');
}

export function defineCheck(definition: CheckDefinition): CheckDefinition {
  return Object.assign({ [definitionMark]: 'check' }, definition);
}

/** What `defineTask`, `defineAsset` or `defineCheck` has made. */
export function isCodeNode(value: unknown): value is CodeNode {
  return typeof value === 'object' && value !== null && definitionMark in value;
}

/** A definition as it is made by one of the three. */
export function markedCode(definition: object, kind: 'task' | 'asset' | 'check'): object {
  return Object.assign({ [definitionMark]: kind }, definition);
}

/** Which of the three has made it. */
export function kindOfCode(definition: CodeNode): 'task' | 'asset' | 'check' {
  return definition[definitionMark];
}

/** Assets are named for what they are, tasks and checks carry their kind. */
export function nodeKeyOf(definition: { readonly key: string }): NodeKey {
  const kind = isCodeNode(definition) ? kindOfCode(definition) : 'asset';
  return kind === 'asset' ? definition.key : `${kind}/${definition.key}`;
}
