import type { Connection } from '../../connector/connection.ts';
import type { JsonValue } from '../../core/json.ts';

/** Looks again and again whether something has happened, and asks for runs. A file under `assets/` exports it. */
export interface SensorDefinition {
  readonly name: string;
  /** What its runs run, in the selection language. Empty means everything. */
  readonly select: string;
  /** The shortest time between two looks, from 1. Default 30. */
  readonly everySeconds?: number;
  /** A look that takes longer has failed. Default 60. */
  readonly timeoutSeconds?: number;
  /** What it looks at, if it has no `check`. */
  readonly on?: SensorSource;
  readonly check?: (context: SensorContext) => Promise<SensorResult | void>;
}

export type SensorSource = FilesSource | S3Source | GcsSource | TableSource | HttpSource | NotifySource;

export interface FilesSource {
  /** A path or glob, relative to the project's folder: `drops/*.csv`. Or of a bucket: see `S3Source`, `GcsSource`. */
  readonly files: string;
  /**
   * - `new` (default): files that were not there before.
   * - `changed`: these, and files whose size or time of change is another one.
   * - `newest`: the file that was changed last, when it is another one or has changed.
   */
  readonly what?: 'new' | 'changed' | 'newest';
  /** A file counts once it was seen unchanged for so long; an object by its time of change. Default 0. */
  readonly stableSeconds?: number;
  /** What is there at the first look: `run` (default) for it, or only `remember` it. */
  readonly first?: 'run' | 'remember';
}

/** What sensors of S3 and of Google Cloud Storage have in common beside `FilesSource`. */
export interface BucketSource extends FilesSource {
  /**
   * - `any` (default): every look lists all that the pattern's beginning covers.
   * - `rising`: keys sort by time, as with dates in them. A look lists only what is after all but the last 500 keys that are
   *   known; once an hour all is listed, so that what came late under a smaller key is found too.
   */
  readonly keys?: 'any' | 'rising';
  /** Another server than Amazon's or Google's: `http://127.0.0.1:9000`. `${NAME}` is of the environment, here and below. */
  readonly endpoint?: string;
}

/** Needs the package `@aws-sdk/client-s3`. */
export interface S3Source extends BucketSource {
  /** `s3://bucket/folder/*.csv`; one that ends with `/` means everything below. */
  readonly files: `s3://${string}`;
  readonly region?: string;
  /** Without one, the client looks in its own places: the environment, `~/.aws`, the machine's role. */
  readonly accessKeyId?: string;
  readonly secretAccessKey?: string;
  readonly sessionToken?: string;
}

/** Needs the package `@google-cloud/storage`. */
export interface GcsSource extends BucketSource {
  /** `gs://bucket/folder/*.csv`; one that ends with `/` means everything below. */
  readonly files: `gs://${string}`;
  /** Path of a service account's key. Without it, the client looks in its own places: the environment, `gcloud`, the machine's account. */
  readonly keyFile?: string;
}

export interface TableSource {
  readonly connection: string;
  /** `schema.table`. */
  readonly table: string;
  /** Runs when its largest value is another one. Without it: when the number of rows is. */
  readonly column?: string;
  /** Default `remember`. */
  readonly first?: 'run' | 'remember';
}

export interface HttpSource {
  /** Runs when what `GET` answers is another thing: by `ETag`, `Last-Modified`, or the body. `${NAME}` is of the environment. */
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Looks only at this place of a JSON answer: `/data/version`. */
  readonly pointer?: string;
  /** Default `remember`. */
  readonly first?: 'run' | 'remember';
}

export interface NotifySource {
  /** A PostgreSQL connection. */
  readonly connection: string;
  /** The channel of `NOTIFY`. */
  readonly channel: string;
  /** What may have been said while the connection was lost: one `run` for it (default), or `ignore` it. */
  readonly missed?: 'run' | 'ignore';
}

export interface SensorContext {
  /** What the last look returned as `cursor`; undefined at first. */
  readonly cursor: JsonValue | undefined;
  readonly connection: (name: string) => Promise<Connection>;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Aborted when the time is over: pass it on. */
  readonly signal: AbortSignal;
}

export interface SensorResult {
  readonly runs?: readonly SensorRun[];
  /** Plain data, for the next look. It is kept in the transaction that starts the runs. */
  readonly cursor?: JsonValue;
  /** Why there are no runs, for people. */
  readonly skip?: string;
}

export interface SensorRun {
  /** Of all runs with one key, one is started, ever. */
  readonly key?: string;
  /** Default: the sensor's. */
  readonly select?: string;
  /** Plain data for the run's tasks: `context.input`. */
  readonly input?: JsonValue;
  readonly fullRefresh?: boolean;
}

const sensorMark = Symbol.for('millrace.sensor');

export function defineSensor(definition: SensorDefinition): SensorDefinition {
  return Object.assign({ [sensorMark]: true }, definition);
}

export function isSensorDefinition(value: unknown): value is SensorDefinition {
  return typeof value === 'object' && value !== null && sensorMark in value;
}
