/** What a listing tells of an object. */
export interface BucketObject {
  readonly key: string;
  /** By the bucket's clock. Milliseconds since 1970, UTC. */
  readonly changedAtMs: number;
  /** Another one when the content is: the `ETag`, or the generation. */
  readonly version: string;
}

export interface BucketRange {
  /** What the keys begin with; may be empty. */
  readonly prefix: string;
  /** Only keys that sort after it. */
  readonly after?: string | undefined;
}

/** A bucket as far as sensors need one. */
export interface Bucket {
  /**
   * Pages of objects in the order of their keys.
   * @throws ConfigError when the bucket, the key or the right to list is missing, TransientError when asking again may help
   */
  list(range: BucketRange, signal: AbortSignal): AsyncIterable<readonly BucketObject[]>;
}
