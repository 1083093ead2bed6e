import type { WrittenColumn } from '../../connector/connection.ts';
import type { Column } from '../../sql/data-type.ts';
import type { TableName } from '../../sql/dialect.ts';
import type { ChunkPlan } from '../chunks/chunk-plan.ts';
import type { LoadMode } from '../replication/replication.ts';
import type { UpdateRange } from '../replication/update-range.ts';
import type { ColumnMapping } from '../stream/column-mapping.ts';
import type { Lane } from '../stream/lane.ts';
import type { PublicationPlan } from '../stream/publication.ts';
import type { Publication, StreamIdentity } from '../stream/watermark-store.ts';
import type { Watermark } from '../stream/watermark.ts';

/** What loading one stream would do, as frozen data. */
export interface StreamPlan {
  readonly stream: string;
  readonly mode: LoadMode;
  readonly lane: Lane;
  readonly source: { readonly connection: string; readonly type: string; readonly sql?: string };
  readonly target: { readonly connection: string; readonly type: string; readonly table: TableName };
  readonly columns: ColumnMapping['columns'];
  readonly read: PlannedRead;
  readonly stage: TableName;
  /** Names the stage: the step, or for a stage that outlives it what is read. */
  readonly stageKey: string;
  /** The same as long as the same columns of the same rows are read in the same order. */
  readonly definition: string;
  /** True when what the target holds is replaced by the whole stream. */
  readonly replaces: boolean;
  readonly publication?: PublicationPlan;
  /** What a file holds, when that is not the rows as they are read. */
  readonly written?: readonly WrittenColumn[];
  /** Columns that the stage holds as text, as the target may have no value for what is in them. */
  readonly textColumns: readonly string[];
  /** Names in the target; empty unless rows are merged by key. */
  readonly mergeKey: readonly string[];
  readonly updateKey?: string;
  readonly identity: StreamIdentity;
  readonly watermarkBefore?: Watermark;
  /** Where `watermarkBefore` comes from. */
  readonly watermarkOrigin: 'stored' | 'target' | 'none';
  /** Present when the reading is cut into pieces. */
  readonly chunks?: ChunkPlan;
  /** Set when this very step has been published by an earlier attempt. */
  readonly published?: Publication;
  /** Set when an earlier attempt at this very step has published some of its chunks. */
  readonly unfinished?: Publication;
  /** Of the rows that share `watermarkBefore`, as the last load saw them. */
  readonly heldPrint?: string;
  /** Rows of the source by its statistics. */
  readonly estimatedRows?: number;
  /** Things a person should know, one line each. */
  readonly remarks: readonly string[];
}

/** What is read of the source; bounds along the update key are settled when the run starts. */
export interface PlannedRead {
  readonly columns: readonly string[];
  readonly sql?: string;
  /** The stream as a FROM item of the source's SQL. */
  readonly from: string;
  readonly where?: string;
  readonly limit?: number;
  readonly options: Readonly<Record<string, unknown>>;
  /** Present when the stream is read along an update key. */
  readonly along?: {
    readonly updateKey: Column;
    readonly primaryKey: readonly Column[];
    readonly after?: Watermark;
    readonly settleDelaySeconds: number;
    readonly lookbackSeconds: number;
    readonly range?: UpdateRange;
  };
}
