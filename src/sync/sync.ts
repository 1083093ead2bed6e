import type { Origin } from '../core/origin.ts';

/** A sync file, checked: which rows go where, and how. Plain data. */
export interface Sync {
  /** Unique in the project; also the name of its state in the warehouse. */
  readonly name: string;
  readonly description: string;
  readonly tags: readonly string[];
  /** Cron expressions, kept for the engine. */
  readonly schedule: readonly string[];
  /** The file. */
  readonly origin: Origin;
  /** Reference to the asset whose rows are sent. */
  readonly model: string;
  readonly modelOrigin: Origin;
  /** Name of an `http` connection. */
  readonly destination: string;
  /** Model columns that name a row. */
  readonly primaryKey: readonly string[];
  readonly primaryKeyOrigin: Origin;
  /** In the order of the file, which is the order within a record. */
  readonly fields: readonly SyncField[];
  readonly endpoints: SyncEndpoints;
  readonly rateLimit?: RateLimit;
  readonly onDelete: 'delete' | 'ignore';
  readonly maxDeletes: DeleteLimit;
  readonly onInvalidKey: 'fail' | 'quarantine';
  /** Refused rows that a run may have and still succeed. */
  readonly maxFailures: number;
  readonly retry: DeliveryRetry;
}

export interface SyncField {
  /** Name at the destination. */
  readonly field: string;
  /** Column of the model. */
  readonly column: string;
  readonly origin: Origin;
}

/** Either `upsert`, or both `insert` and `update`. */
export interface SyncEndpoints {
  readonly upsert?: Endpoint;
  readonly insert?: Endpoint;
  readonly update?: Endpoint;
  readonly delete?: Endpoint;
}

/** One call of the destination: a batch of records as JSON. */
export interface Endpoint {
  readonly method: 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly path: string;
  /** Property of the body that holds the records; absent: the body is the list itself. */
  readonly recordsKey?: string;
  readonly batchSize: number;
  /** How the answer tells about single records; absent: the status of the answer holds for all. */
  readonly results?: ResultShape;
}

/** Where an answer's list of results is, and what its items mean. */
export interface ResultShape {
  /** Path of properties to the list, such as `data.results`. */
  readonly list: string;
  /** Property that holds the record's key; absent: results come in the order of the records. */
  readonly key?: string;
  /** Property that holds the status: an HTTP status, true or false, or one of `successWords`. */
  readonly status: string;
  readonly error: string;
  /** Words that mean accepted, in lower case. */
  readonly successWords: readonly string[];
  /** `all`: a record without a result was not accepted. `failures`: only refused records are listed. */
  readonly reports: 'all' | 'failures';
}

export interface RateLimit {
  readonly requests: number;
  readonly perSeconds: number;
}

/** Most rows that one run may delete at the destination. */
export type DeleteLimit =
  | { readonly kind: 'count'; readonly rows: number }
  /** Of the rows that the destination has; 0 to 1. */
  | { readonly kind: 'share'; readonly share: number };

export interface DeliveryRetry {
  /** Tries of one request in all, the first included. Waits for a rate limit do not count. */
  readonly maxAttempts: number;
  /** Wait before the second try; doubles with each further one. */
  readonly delaySeconds: number;
  readonly maxDelaySeconds: number;
}

/** What becomes of a row at the destination. */
export type Operation = 'insert' | 'update' | 'delete';
