import type { SqlDatabase, SqlLock } from '../../connector/connection.ts';
import type { StepContext } from '../../core/executor.ts';
import type { StreamPlan } from '../plan/stream-plan.ts';
import type { StreamHookRun } from './stream-hooks.ts';
import type { StreamTask } from '../plan/stream-task.ts';
import type { PublishTurns } from '../stream/publish.ts';

/** One stream on its way into one table. */
export interface TableLoad {
  readonly task: StreamTask;
  readonly plan: StreamPlan;
  readonly database: SqlDatabase;
  readonly context: StepContext;
  readonly turns: PublishTurns;
  readonly hooks: StreamHookRun;
  /** Keeps other loads away from the table. */
  readonly lease: SqlLock;
}
