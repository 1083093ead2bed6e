import { createHash } from 'node:crypto';
import type { SqlSession } from '../connector/connection.ts';
import type { StepContext } from '../core/executor.ts';
import { graphDictionary } from './compile/graph-dictionary.ts';
import type { CompiledSql } from './compile/compiled-sql.ts';
import type { Moment } from './context/render-scope.ts';
import type { RunArguments } from './context/run-arguments.ts';
import { statementError } from './errors.ts';
import type { TransformNode } from './manifest/transform-node.ts';
import type { TransformProject } from './project.ts';
import { relationColumns } from './materialize/relation-columns.ts';
import { sessionRelations } from './materialize/relation-list.ts';
import { withQueryComment } from './query-comment.ts';
import type { Warehouse } from './warehouse.ts';
import { writeSql, writtenPath } from './written-sql.ts';

/** When a step ran: milliseconds since 1970. */
export interface StepTiming {
  readonly startedAtMs: number;
  readonly endedAtMs: number;
}

/** One call of the executor. */
export interface Step {
  readonly project: TransformProject;
  readonly warehouse: Warehouse;
  readonly context: StepContext;
  readonly startedAtMs: number;
  /** When this process first heard of the run: dbt's `run_started_at`, the same for all of it. */
  readonly runStartedAtMs: number;
  readonly given: RunArguments;
  /** SQL of the node that the step has run, for the target folder. */
  readonly executed: string[];
  /** When steps of the run ran in this process, by node key. */
  readonly timings: Map<string, StepTiming>;
}

/** What templates see while the step runs; `session` is where their queries go. */
export function momentOf(
  step: Step,
  session: SqlSession,
  mode: { readonly isIncremental: boolean; readonly isFullRefresh: boolean },
): Moment {
  const { database } = step.warehouse;
  const { signal } = step.context;
  return {
    isExecuting: true,
    ...mode,
    startedAtMs: step.runStartedAtMs,
    arguments: step.given,
    invocationId: step.given.invocationId || step.context.runId,
    database: {
      dialect: database.dialect,
      query: (sql) => session.query(sql, [], signal),
      execute: (sql) => session.execute(sql, [], signal),
      columns: (relation) => relationColumns(session, database.dialect, relation),
      list: (schema, databaseName = '') => sessionRelations(session, database.dialect, schema, databaseName),
    },
    graph: () => graphDictionary(step.project.manifest),
    log: (message, level) => step.context.log(message, level),
  };
}

/** Logs a statement at debug level and runs it; an error is told by its place in the templates. */
export async function runStatement<T>(
  step: Step,
  node: TransformNode,
  statement: CompiledSql,
  run: (sql: string) => Promise<T>,
): Promise<T> {
  const said = withQueryComment(step.project, node, statement, step.given);
  step.context.log(said.sql, 'debug');
  step.executed.push(said.sql);
  try {
    return await run(said.sql);
  } catch (error) {
    throw statementError(error, said, node.origin);
  }
}

/** Keeps what was compiled of a node in the target folder. */
export function keepCompiled(step: Step, node: TransformNode, sql: string): void {
  const { targetFolder } = step.given;
  if (targetFolder === undefined) return;
  writeSql(targetFolder, 'compiled', writtenPath(step.project.manifest, node), sql);
}

/** Keeps what the step has run in the target folder. */
export function keepExecuted(step: Step, node: TransformNode): void {
  const { targetFolder } = step.given;
  if (targetFolder === undefined || step.executed.length === 0) return;
  const sql = step.executed.join(';\n\n');
  writeSql(targetFolder, 'run', writtenPath(step.project.manifest, node), sql);
}

export function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
