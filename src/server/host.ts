import type { WorkerRecord } from '../core/dispatch.ts';
import type { Completion } from '../core/executor.ts';
import type { FreshnessState } from '../core/freshness.ts';
import type { GraphNode, NodeKey } from '../core/node.ts';
import type { RunStore } from '../core/ports.ts';
import type {
  LiveEvent,
  QueryRequest,
  ReadingMistake,
  ReportSummary,
  ReportView,
  RunRequest,
  ScheduleSummary,
  TablePayload,
  UnreadAsset,
} from './contract.ts';
import type { AutomationHost } from './automation.ts';
import type { HookHost } from './hooks/route.ts';

/**
 * Everything that the server needs of a project. The composition room builds it; the server knows
 * neither the ledger's tables nor the rooms behind the graph. Methods throw `MillraceError`; its
 * code and kind decide the HTTP status.
 */
export interface ServerHost {
  readonly name: string;
  /** Content hash of the definitions that `nodes` returns. */
  manifestHash(): string;
  /** Every node, its edges resolved to keys of other nodes. */
  nodes(): readonly GraphNode[];
  schedules(): readonly ScheduleSummary[];
  reports(): readonly ReportSummary[];
  /** Absent where files are not watched. */
  mistake?(): ReadingMistake | undefined;

  readonly ledger: LedgerReader;
  readonly runs: RunControl;

  /** Absent where machines do not share the project. */
  workers?(): Promise<readonly WorkerRecord[]>;
  /** How fresh the nodes are that something is expected of, `completions` being the latest of each. */
  freshness?(completions: readonly Completion[]): Promise<ReadonlyMap<NodeKey, FreshnessState>>;
  readonly automation: AutomationHost;
  /** Absent where there are no webhooks. */
  readonly hooks?: HookHost;

  /** Runs a report's queries. Throws `ConfigError` `report_missing`. */
  renderReport(name: string): Promise<ReportView>;
  /** First rows of an asset's relation, at most `limit`. */
  sampleRows(key: NodeKey, limit: number): Promise<TablePayload>;
  /** Runs one statement on the warehouse and gives at most `limit` rows of its result. */
  query(request: Required<QueryRequest>): Promise<TablePayload>;
  unreadAssets(): Promise<readonly UnreadAsset[]>;
  /** In the text format of Prometheus. */
  metrics(): Promise<{ readonly contentType: string; readonly text: string }>;
}

/** What is remembered of runs. */
export type LedgerReader = Pick<
  RunStore,
  'findRun' | 'listRuns' | 'events' | 'lastSequence' | 'latestCompletions' | 'completionHistory'
>;

export interface RunControl {
  /** Plans the selection and queues it. Throws `ConfigError` when the selection is wrong or empty. */
  enqueue(request: RunRequest): Promise<{ readonly runId: string }>;
  /** Queues what a finished run has left undone. Throws `ConfigError` when that is nothing, or cannot be done any more. */
  retry(runId: string): Promise<{ readonly runId: string }>;
  /** Asks a run that is not finished for its end; resolves before that. */
  cancel(runId: string): Promise<void>;
  /** Calls `listener` after each durable event and each progress report; returns how to stop. */
  subscribe(listener: (event: LiveEvent) => void): () => void;
}
