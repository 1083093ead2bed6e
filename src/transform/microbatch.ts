import type { SqlSession } from '../connector/connection.ts';
import { DataError, MillraceError } from '../core/errors.ts';
import type { StepOutcome } from '../core/executor.ts';
import type { ColumnDoc } from '../core/node.ts';
import type { JsonObject, JsonValue } from '../core/json.ts';
import { buildOf, documented, retryingConflicts } from './build-transaction.ts';
import { compileNode } from './compile/compile-node.ts';
import { runHooks } from './hooks.ts';
import { type Batch, batchesOf, withinSql } from './manifest/batches.ts';
import type { MicrobatchConfig } from './manifest/microbatch-config.ts';
import type { ModelNode } from './manifest/transform-node.ts';
import { besideOf, type Build, relationSql, type RelationType, run } from './materialize/build.ts';
import { createTableSql, dropSql } from './materialize/ddl.ts';
import { finishRelation, runHeader } from './materialize/finishing.ts';
import { insertSql } from './materialize/incremental.ts';
import { countRows, dropLeftover, publishTable, type RunCompiled } from './materialize/publish.ts';
import { presentColumns } from './materialize/relation-columns.ts';
import { momentOf, runStatement, type Step } from './step.ts';

interface Where {
  readonly isFullRefresh: boolean;
  /** Whether the table is there and is added to. */
  readonly isIncremental: boolean;
  readonly existing: RelationType | undefined;
  readonly leftover: RelationType | undefined;
}

/** What an attempt leaves for the next one. */
interface Progress {
  /** When the batches were counted. */
  readonly nowMs: number;
  readonly isIncremental: boolean;
  /** Batches from the first that are built. */
  readonly done: number;
}

/**
 * Builds each batch in the place of the rows that the table has of its time, in a transaction of its own. A batch that
 * fails does not stop the others; the step fails at the end. One that is repeated goes on after the batches that it has built.
 */
export async function buildBatches(
  step: Step,
  node: ModelNode,
  config: MicrobatchConfig,
  where: Where,
): Promise<StepOutcome> {
  const { context, warehouse, given } = step;
  const { database } = warehouse;
  const before = progressOf(context.checkpoint);
  const nowMs = before?.nowMs ?? step.startedAtMs;
  const isIncremental = before?.isIncremental ?? where.isIncremental;
  const stretch =
    given.eventTimeStartMs === undefined || given.eventTimeEndMs === undefined
      ? undefined
      : { startMs: given.eventTimeStartMs, endMs: given.eventTimeEndMs };
  const batches = batchesOf(config, !isIncremental, nowMs, stretch);
  const mode = { isFullRefresh: where.isFullRefresh, isIncremental };
  const outside = { isInTransaction: false, session: database, moment: momentOf(step, database, mode) };
  await runHooks(step, node, node.config.preHooks, outside);
  const figures = { rowsInserted: 0, rowsDeleted: 0 };
  const failed: { readonly batch: Batch; readonly error: MillraceError }[] = [];
  let { existing, leftover } = where;
  for (const [index, batch] of batches.entries()) {
    if (index < (before?.done ?? 0)) {
      existing = 'table';
      continue;
    }
    const isFirst = index === 0;
    try {
      const built = await retryingConflicts(step, () =>
        database.transaction(async (session) => {
          const inside = { isInTransaction: true, session, moment: momentOf(step, session, mode) };
          const build = buildOf(step, node, inside, existing, leftover);
          if (isFirst) await prepare(step, node, build, inside);
          return await buildBatch(step, node, config, {
            build,
            batch,
            isNew: isFirst && !isIncremental,
            mode,
          });
        }, context.signal),
      );
      figures.rowsInserted += built.rowsInserted;
      figures.rowsDeleted += built.rowsDeleted;
      [existing, leftover] = ['table', undefined];
    } catch (error) {
      const isOwn = error instanceof MillraceError && (error.kind === 'data' || error.kind === 'config');
      if (!isOwn || (isFirst && !isIncremental)) throw error;
      context.log(`batch ${index + 1} of ${batches.length} failed: ${error.message}`, 'error');
      failed.push({ batch, error });
    }
    if (failed.length === 0) await context.saveCheckpoint({ nowMs, isIncremental, done: index + 1 });
    context.progress({ phase: `batch ${index + 1} of ${batches.length}`, rows: figures.rowsInserted });
  }
  const result = await finish(step, node, outside, existing);
  reportFailed(node, failed, batches.length);
  return {
    rows: result.rows,
    columns: result.columns,
    metadata: {
      materialization: 'incremental',
      ...figures,
      batches: batches.length,
      firstBatchMs: batches[0]?.startMs ?? nowMs,
      lastBatchMs: batches.at(-1)?.startMs ?? nowMs,
    } satisfies JsonObject,
  };
}

type HookPlace = Parameters<typeof runHooks>[3];

async function prepare(step: Step, node: ModelNode, build: Build, inside: HookPlace): Promise<void> {
  await runHooks(step, node, node.config.preHooks, inside);
  await runHeader(build, node);
}

async function finish(
  step: Step,
  node: ModelNode,
  outside: HookPlace,
  existing: RelationType | undefined,
): Promise<{ readonly columns: readonly ColumnDoc[]; readonly rows: number }> {
  const { database } = step.warehouse;
  const result = await retryingConflicts(step, () =>
    database.transaction(async (session: SqlSession) => {
      const inside = { ...outside, isInTransaction: true, session };
      const build = buildOf(step, node, inside, existing, undefined);
      const columns = await presentColumns(session, database.dialect, node.relation);
      await finishRelation(build, node, 'table', columns);
      await runHooks(step, node, node.config.postHooks, inside);
      return { columns: documented(columns, node.columns), rows: await countRows(build) };
    }, step.context.signal),
  );
  await runHooks(step, node, node.config.postHooks, outside);
  return result;
}

async function buildBatch(
  step: Step,
  node: ModelNode,
  config: MicrobatchConfig,
  given: {
    readonly build: Build;
    readonly batch: Batch;
    readonly isNew: boolean;
    readonly mode: { readonly isFullRefresh: boolean; readonly isIncremental: boolean };
  },
): Promise<{ readonly rowsInserted: number; readonly rowsDeleted: number }> {
  const { build, batch, isNew } = given;
  const runCompiled: RunCompiled = (target, statement) =>
    runStatement(step, node, statement, (sql) => target.session.execute(sql, [], target.signal));
  const moment = { ...momentOf(step, build.session, given.mode), batch, isIncremental: !isNew };
  const select = await compileNode(step.project.manifest, node, moment);
  if (isNew) return { rowsInserted: await publishTable(build, select, runCompiled), rowsDeleted: 0 };
  const beside = besideOf(build.dialect, build.relation);
  await dropLeftover(build);
  await runCompiled(build, createTableSql(build.dialect, beside, select));
  const target = relationSql(build.dialect, build.relation);
  const rowsDeleted = await run(build, `delete from ${target} where ${withinSql(config.eventTime, batch)}`);
  const columns = await presentColumns(build.session, build.dialect, beside);
  const names = columns.map((column) => column.name);
  const rowsInserted = await run(build, insertSql(build.dialect, build.relation, beside, names));
  await run(build, dropSql(build.dialect, beside, 'table'));
  return { rowsInserted, rowsDeleted };
}

function reportFailed(
  node: ModelNode,
  failed: readonly { readonly batch: Batch; readonly error: MillraceError }[],
  count: number,
): void {
  const [first] = failed;
  if (!first) return;
  const since = new Date(first.batch.startMs).toISOString().slice(0, 16);
  throw new DataError(
    `${failed.length} of ${count} batches failed, the first of them from ${since}: ${first.error.message}`,
    {
      code: 'batches_failed',
      origin: first.error.origin ?? node.origin,
      state: 'The other batches are built.',
      next: 'Mend what is wrong, then run again, with --event-time-start and --event-time-end for the time that is missing.',
      cause: first.error,
    },
  );
}

function progressOf(checkpoint: JsonValue | undefined): Progress | undefined {
  if (typeof checkpoint !== 'object' || checkpoint === null || Array.isArray(checkpoint)) return undefined;
  const { nowMs, isIncremental, done } = checkpoint as JsonObject;
  if (typeof nowMs !== 'number' || typeof done !== 'number') return undefined;
  return { nowMs, isIncremental: isIncremental === true, done };
}
