/** What the HTTP API says of that which starts runs by itself. Times are milliseconds since 1970, UTC. */
import type { BackfillState } from '../core/backfill.ts';
import type { FreshnessState } from '../core/freshness.ts';
import type { NodeKey } from '../core/node.ts';

/** `GET /api/automation` */
export interface AutomationPayload {
  /** False while nothing starts runs by itself, for example with `millrace dev --no-schedules`. */
  readonly active: boolean;
  readonly schedules: readonly ScheduleStatus[];
  /** Sensors, triggers and webhooks. */
  readonly triggers: readonly TriggerStatus[];
  readonly conditions: readonly ConditionStatus[];
  /** Of the nodes that something is expected of. */
  readonly freshness: readonly (FreshnessState & { readonly key: NodeKey })[];
  /** Newest first. */
  readonly backfills: readonly BackfillStatus[];
}

/** What came of a look at something. */
export interface TickSummary {
  readonly atMs: number;
  readonly outcome: 'started' | 'skipped' | 'failed';
  /** Why nothing was started, or what failed. */
  readonly reason?: string;
  readonly runIds: readonly string[];
}

export interface ScheduleStatus {
  readonly name: string;
  readonly cron: string;
  readonly timeZone: string;
  /** Empty means everything. */
  readonly selection: string;
  readonly nextAtMs?: number;
  readonly lastTick?: TickSummary;
}

export interface TriggerStatus {
  readonly name: string;
  readonly kind: 'sensor' | 'trigger' | 'webhook';
  readonly selection: string;
  /** `new`: nothing came of it yet. */
  readonly condition: 'new' | 'working' | 'failing';
  /** Failed looks in a row. */
  readonly failures: number;
  /** When it is looked at again after a failure. */
  readonly dueAtMs?: number;
  readonly lastTick?: TickSummary;
}

export interface ConditionStatus {
  readonly key: NodeKey;
  readonly lastTick?: TickSummary;
}

export interface BackfillStatus {
  readonly id: string;
  readonly state: BackfillState;
  readonly selection: string;
  readonly partitions: string;
  readonly partitionCount: number;
  /** Partitions in runs that were made so far. */
  readonly requestedCount: number;
  readonly runCount: number;
  /** Its latest run. */
  readonly runId?: string;
  readonly createdAtMs: number;
  readonly finishedAtMs?: number;
  /** Why it goes no further. */
  readonly reason?: string;
}

/** `POST /api/backfills/:id` */
export interface BackfillRequest {
  readonly action: 'pause' | 'resume' | 'cancel';
}

/** `GET /api/why?key=` */
export interface WhyPayload {
  readonly key: NodeKey;
  readonly condition: 'running' | 'waiting' | 'failed' | 'missing' | 'stale' | 'current' | 'external';
  /** A sentence each; empty for `current` and `external`. */
  readonly reasons: readonly string[];
  /** Nodes upstream that are not in order, farthest first: where to look for the cause. */
  readonly behind: readonly { readonly key: NodeKey; readonly reasons: readonly string[] }[];
  readonly freshness?: FreshnessState;
  readonly schedules: readonly ScheduleStatus[];
  /** The last looks at its condition, newest first, when it has one. */
  readonly looks?: readonly TickSummary[];
  /** How the newest look came to its outcome. */
  readonly evaluation?: ConditionPart;
}

/** A part of a condition, and how it came out. */
export interface ConditionPart {
  readonly condition: string;
  readonly isTrue: boolean;
  /** The nodes that decided it. */
  readonly because?: readonly string[];
  readonly parts?: readonly ConditionPart[];
}

/** `GET /api/partitions?key=`: how the partitions of a node are; each is in one of the groups. */
export interface PartitionsPayload {
  readonly key: NodeKey;
  readonly count: number;
  readonly succeeded: PartitionGroup;
  /** They succeeded, and then something that they read was made. */
  readonly stale?: PartitionGroup;
  /** They succeeded after what they read, some of which is stale itself, or behind. */
  readonly behind?: PartitionGroup;
  readonly failed: PartitionGroup;
  readonly running: PartitionGroup;
  readonly waiting: PartitionGroup;
  readonly missing: PartitionGroup;
}

export interface PartitionGroup {
  readonly count: number;
  /** As `--partition` takes it, such as `2024-01-01..2024-01-31`. */
  readonly text: string;
}
