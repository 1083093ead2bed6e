import type { Origin } from '../../core/origin.ts';
import type { Quoting } from '../files/quoting.ts';
import type { Value } from '../jinja/index.ts';
import type { Dataset } from '../manifest/dataset.ts';
import type { RelationName } from '../manifest/transform-node.ts';
import type { MacroSet } from './macro-set.ts';
import type { Log } from './messages.ts';
import type { Relation } from './relation.ts';
import { plainArguments, type RunArguments } from './run-arguments.ts';
import type { TemplateDatabase } from './template-database.ts';

/** What is the same for every template of a project. */
export interface ProjectScope {
  readonly projectName: string;
  /** dbt's adapter type. */
  readonly dialectName: string;
  readonly databaseName: string;
  readonly targetSchema: string;
  /** `quoting:` of the project. */
  readonly quoting: Quoting;
  /** dbt's `target`. */
  readonly target: Readonly<Record<string, Value>>;
  readonly variables: Readonly<Record<string, unknown>>;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly macros: MacroSet;
  /** Names of other databases that sources may lie in. */
  readonly attachedDatabases: readonly string[];
  /** Whether tests keep their failing rows where they do not say so themselves. */
  readonly storesFailures: boolean;
  /** Whether a name that nobody defines is a warning while the project is read, and an error of the node that runs it. */
  readonly toleratesUndefined: boolean;
  /** Versions of the project and its packages, by name. */
  readonly packageVersions: Readonly<Record<string, string>>;
}

/** A call of `ref()` or `ref_all()`. */
export interface RefCall {
  readonly name: string;
  readonly packageName: string | undefined;
  readonly version?: string | number | undefined;
  /** Which are meant of a model that is built for several datasets: by default the caller's own. `any`: all, if it is such a model. */
  readonly datasets?: 'all' | 'any' | Pick<Dataset, 'dimension' | 'value'>;
  readonly origin: Origin;
}

/** What a dataset has of a model. */
export interface DatasetRelation {
  readonly dataset: Dataset;
  readonly relation: Relation;
  /** The relation whose columns these are; undefined where nothing in the database has them. */
  readonly columnsOf: RelationName | undefined;
  /** Names of the columns that its property file lists. */
  readonly described: readonly string[];
}

/** What a template may say about its node, and is told about it. */
export interface NodeScope {
  /** dbt's `model` (or `node`) dictionary. */
  readonly model: Readonly<Record<string, Value>>;
  readonly relation: Relation | undefined;
  ref(call: RefCall): Value;
  /** What each dataset has of a model, in the order of `datasets.yml`. */
  refAll(call: RefCall): readonly DatasetRelation[];
  source(sourceName: string, tableName: string, origin: Origin): Value;
  /** A call of `metric()`, with a name, or a package and a name. */
  metric(names: readonly string[]): Value;
  /** A call of `config(...)`. */
  configure(values: ReadonlyMap<string, Value>, origin: Origin): void;
  configured(key: string): Value | undefined;
  configuredKeys(): Iterable<string>;
}

/** The moment of a rendering. */
export interface Moment {
  /** dbt's `execute`: false while the project is read. */
  readonly isExecuting: boolean;
  readonly isIncremental: boolean;
  readonly isFullRefresh: boolean;
  /** When the rendering's run began, in milliseconds since 1970. */
  readonly startedAtMs: number;
  readonly invocationId: string;
  /** What the command says about its run. */
  readonly arguments: RunArguments;
  /** Time that the rendering is for: a batch of a microbatch model. Milliseconds since 1970, UTC, end excluded. */
  readonly batch?: { readonly startMs: number; readonly endMs: number };
  readonly database: TemplateDatabase | undefined;
  /** dbt's `graph`; empty while the project is read. */
  graph(): Value;
  readonly log: Log;
}

const emptyGraph: Value = {
  nodes: {},
  sources: {},
  exposures: {},
  metrics: {},
  groups: {},
  semantic_models: {},
  saved_queries: {},
  unit_tests: {},
};

/** Reading a project: nothing is run, nothing is logged. */
export const readingMoment: Moment = {
  isExecuting: false,
  isIncremental: false,
  isFullRefresh: false,
  startedAtMs: Date.now(),
  invocationId: 'reading',
  arguments: plainArguments,
  database: undefined,
  graph: () => emptyGraph,
  log: () => {},
};
