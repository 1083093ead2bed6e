import type { HttpEndpoint, SqlDatabase } from '../connector/connection.ts';
import type { StepContext } from '../core/executor.ts';
import type { TableName } from '../sql/dialect.ts';
import type { RateLimiter } from './rate-limiter.ts';
import type { Sync } from './sync.ts';

/** All that one run of one sync works with. */
export interface SyncRun {
  readonly sync: Sync;
  readonly database: SqlDatabase;
  readonly model: TableName;
  readonly http: HttpEndpoint;
  readonly limiter: RateLimiter | undefined;
  readonly context: StepContext;
}
