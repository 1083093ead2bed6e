/**
 * What the HTTP API says and hears, as plain types. The page imports these and nothing else of the
 * server. Every time is in milliseconds since 1970, UTC; every duration in milliseconds.
 */
import type { Failure } from '../core/errors.ts';
import type { CheckOutcome, Completion, Progress, StepOutcome } from '../core/executor.ts';
import type { FreshnessState } from '../core/freshness.ts';
import type { CheckTarget, ColumnDoc, EdgeKind, NodeKey, NodeKind, RelationRef } from '../core/node.ts';
import type { RunTrigger } from '../core/ledger.ts';
import type { Origin } from '../core/origin.ts';
import type { RunOptions } from '../core/plan.ts';
import type { RunEvent, StepLogEvent, StepProgressEvent } from '../core/run-event.ts';
import type { RunState, StepState } from '../core/run-state.ts';
import type { StreamFigures } from '../core/stream-figures.ts';

export type {
  CheckOutcome,
  CheckTarget,
  ColumnDoc,
  Completion,
  EdgeKind,
  Failure,
  FreshnessState,
  NodeKey,
  NodeKind,
  Origin,
  Progress,
  RelationRef,
  RunEvent,
  RunOptions,
  RunState,
  RunTrigger,
  StepLogEvent,
  StreamFigures,
  StepOutcome,
  StepProgressEvent,
  StepState,
};

export type * from './automation-contract.ts';

/** `GET /api/project` */
export interface ProjectPayload {
  readonly name: string;
  /** Changes when the definitions change; the graph is worth reading again then. */
  readonly manifestHash: string;
  /** The newest event when this was written: where `GET /api/events` should start. */
  readonly sequence: number;
  readonly schedules: readonly ScheduleSummary[];
  readonly reports: readonly ReportSummary[];
  /** Why the project's files, as they are now, are not what is shown. */
  readonly mistake?: ReadingMistake;
}

/** The files were read again and have a mistake; the definitions from before stay in use. */
export interface ReadingMistake {
  readonly failure: Failure;
  readonly atMs: number;
}

export interface ScheduleSummary {
  readonly name: string;
  readonly cron: string;
  readonly timeZone: string;
  readonly selection: string;
  /** False while nothing runs schedules, for example without `millrace dev`. */
  readonly active: boolean;
  readonly nextAtMs?: number;
}

export interface ReportSummary {
  readonly name: string;
  readonly key: NodeKey;
  readonly title: string;
  readonly description: string;
}

/** `GET /api/graph`: what the project defines. Changes only with `manifestHash`. */
export interface GraphPayload {
  readonly manifestHash: string;
  readonly nodes: readonly GraphNodePayload[];
}

export interface GraphNodePayload {
  readonly key: NodeKey;
  readonly kind: NodeKind;
  /** `table`, `model`, `seed`, `source`, `file`, `test` ... */
  readonly type: string;
  readonly description: string;
  readonly group: string;
  readonly tags: readonly string[];
  /** Direct upstream nodes. */
  readonly edges: readonly { readonly kind: EdgeKind; readonly from: NodeKey }[];
  /** False for what others keep up to date. */
  readonly runnable: boolean;
  readonly check?: CheckTarget;
}

/** `never`: it has not been run yet. `external`: others keep it up to date. */
export type NodeState = StepState | 'never' | 'external';

/** `GET /api/status`: how every node is now. */
export interface StatusPayload {
  readonly nodes: readonly NodeStatus[];
  /** Absent where machines do not share the project. */
  readonly workers?: readonly WorkerStatus[];
}

/** A process that does steps for the one that owns the project. */
export interface WorkerStatus {
  /** `host:pid:random...` */
  readonly name: string;
  /** Pools that it was started for; empty for one that takes steps of none. */
  readonly pools: readonly string[];
  /** Content hash of the definitions that it has read: it takes steps of this version only. */
  readonly manifestHash: string;
  /** Steps at a time. */
  readonly concurrency: number;
  readonly startedAtMs: number;
  /** `silent`: its lease has expired. `draining`: it ends what it has, and takes nothing more. */
  readonly state: 'working' | 'draining' | 'silent';
  readonly steps: readonly { readonly runId: string; readonly step: NodeKey }[];
}

export interface NodeStatus {
  readonly key: NodeKey;
  readonly state: NodeState;
  /** The run that `state` speaks of. */
  readonly runId?: string;
  /** End of the last success. */
  readonly succeededAtMs?: number;
  readonly durationMs?: number;
  readonly rows?: number;
  readonly check?: CheckOutcome;
  readonly failure?: Failure;
  /** When something is expected of its age. */
  readonly freshness?: FreshnessState;
}

/** `GET /api/runs` */
export interface RunListPayload {
  readonly runs: readonly RunSummary[];
}

export interface RunSummary {
  readonly id: string;
  readonly state: RunState;
  /** As the user wrote it; empty means everything. */
  readonly selection: string;
  readonly trigger: RunTrigger;
  readonly createdAtMs: number;
  readonly startedAtMs?: number;
  readonly finishedAtMs?: number;
  readonly failure?: Failure;
  /** Steps per state. */
  readonly stepCounts: Readonly<Record<StepState, number>>;
}

/** `GET /api/runs/:id` */
export interface RunPayload extends RunSummary {
  readonly options: RunOptions;
  readonly steps: readonly RunStep[];
}

export interface RunStep {
  readonly key: NodeKey;
  readonly kind: NodeKind;
  readonly type: string;
  readonly state: StepState;
  /** Counts from 1; 0 before the first. */
  readonly attempt: number;
  readonly dependsOn: readonly NodeKey[];
  readonly startedAtMs?: number;
  readonly finishedAtMs?: number;
  readonly outcome?: StepOutcome;
  readonly failure?: Failure;
  /** Why it was skipped, retried or reset. */
  readonly reason?: string;
  /** Latest report of a running step. */
  readonly progress?: Progress;
  /** What a finished load did, by stream. */
  readonly streams?: readonly StreamFigures[];
}

/** `GET /api/runs/:id/logs`: the last lines, oldest first. */
export interface LogPayload {
  readonly lines: readonly StepLogEvent[];
  /** True if older lines were left out. */
  readonly truncated: boolean;
}

/** `POST /api/runs` */
export interface RunRequest {
  /** A selection such as `shop/orders+`; empty means everything. */
  readonly selection: string;
  readonly fullRefresh?: boolean;
  readonly rowLimit?: number;
}

export interface RunAccepted {
  readonly runId: string;
}

/** `GET /api/node?key=` */
export interface NodePayload {
  readonly key: NodeKey;
  readonly kind: NodeKind;
  readonly type: string;
  readonly description: string;
  readonly group: string;
  readonly tags: readonly string[];
  readonly origin: Origin;
  readonly relation?: RelationRef;
  readonly columns: readonly ColumnDoc[];
  readonly runnable: boolean;
  /** `GET /api/partitions` tells how they are. */
  readonly hasPartitions: boolean;
  readonly check?: CheckTarget;
  readonly upstream: readonly NodeKey[];
  readonly downstream: readonly NodeKey[];
  /** Checks of this asset. */
  readonly checks: readonly NodeKey[];
  /** Newest first. */
  readonly history: readonly Completion[];
}

/** `GET /api/sample?key=&limit=` and `POST /api/query` */
export interface TablePayload {
  readonly columns: readonly TableColumn[];
  /** Numbers beyond 2^53 and decimals arrive as text, times as ISO 8601. */
  readonly rows: readonly (readonly unknown[])[];
  /** True if there are more rows than these. */
  readonly truncated?: boolean;
}

export interface TableColumn {
  readonly name: string;
  /** A plain word such as `int64`, `decimal`, `text`, `timestamptz`. */
  readonly type: string;
}

/** `POST /api/query` */
export interface QueryRequest {
  readonly sql: string;
  readonly limit?: number;
}

/** `GET /api/reports/:name` */
export interface ReportView {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly blocks: readonly ReportBlock[];
  readonly generatedAtMs: number;
}

export type ReportBlock = MarkdownBlock | ChartBlock;

export interface MarkdownBlock {
  readonly type: 'markdown';
  readonly markdown: string;
}

export interface ChartBlock {
  readonly type: 'chart';
  readonly chart: 'bar' | 'line' | 'value' | 'table';
  readonly title: string;
  /** Column along the x axis. */
  readonly x?: string;
  /** Columns that are drawn. */
  readonly y?: readonly string[];
  /** Column whose values split one `y` into several series. */
  readonly series?: string;
  /** How numbers are written: `integer`, `decimal`, `percent`, or a currency code such as `EUR`. */
  readonly format?: string;
  readonly queryName: string;
  readonly data: TablePayload;
  /** Why there is no data; the other blocks of the report are still shown. */
  readonly error?: Failure;
}

/** `GET /api/curation` */
export interface CurationPayload {
  readonly unread: readonly UnreadAsset[];
}

/** An asset without a path to a consumer (a report or a sync). */
export interface UnreadAsset {
  readonly key: NodeKey;
  /** Why it is listed, as one sentence. */
  readonly reason: string;
  readonly rows?: number;
  readonly lastDurationMs?: number;
  readonly succeededAtMs?: number;
}

/** What `GET /api/events` streams, one JSON value per message. */
export type LiveEvent = RunEvent | StepProgressEvent;

/** Body of every answer whose status is not 2xx. */
export interface ErrorPayload {
  readonly error: Failure;
}
