import type { Executor } from '../../core/executor.ts';
import type { RunStore } from '../../core/ports.ts';
import type { TransformProject } from '../../transform/index.ts';
import type { ConnectionPool } from '../connections/connection-pool.ts';
import { madeProfile } from '../reading/dbt-settings.ts';
import type { Project } from '../reading/project.ts';
import { transformRoom } from '../reading/transform-room.ts';
import { createTurnstile, throughTurnstile } from './turnstile.ts';

/** dbt's, where nothing says how many models it may build at a time. */
const usualThreads = 4;

/** What executors need that are more than a call of a connection. */
export interface ExecutorServices {
  readonly connections: Pick<ConnectionPool, 'get'>;
  readonly pool: Pick<ConnectionPool, 'lend' | 'settingsOf'>;
  readonly findRun: RunStore['findRun'];
}

export interface TransformExecutors {
  readonly executor: Executor;
  /** Keeps the steps of another room from the warehouse while dbt has it. */
  around(other: Executor): Executor;
}

/** Who builds the models of the project: Millrace, or the dbt that it names. */
export function transformExecutors(
  project: Project,
  transform: TransformProject,
  { connections, pool, findRun }: ExecutorServices,
): TransformExecutors {
  const { warehouse, definition, parts } = project;
  if (!parts.dbt || !warehouse) {
    return {
      executor: transformRoom().createTransformExecutor(transform, connections.get),
      around: (other) => other,
    };
  }
  // Only one process may have a DuckDB file.
  const isShared = warehouse.type !== 'duckdb';
  const turnstile = createTurnstile();
  const threads = parts.dbt.threads ?? definition.concurrency ?? usualThreads;
  const executor = transformRoom().createDbtExecutor(transform, {
    settings: parts.dbt,
    findRun: (runId) => findRun(runId),
    makeProfile: () =>
      madeProfile(project, warehouse, { schema: transform.manifest.scope.targetSchema, threads }, pool),
    alone: (work) => (isShared ? work() : turnstile.alone(() => pool.lend(warehouse.name, work))),
  });
  return { executor, around: (other) => (isShared ? other : throughTurnstile(other, turnstile)) };
}
