import type { SqlSession } from '../connector/connection.ts';
import { compileNode } from './compile/compile-node.ts';
import type { Moment } from './context/render-scope.ts';
import type { MicrobatchConfig } from './manifest/microbatch-config.ts';
import type { ModelNode } from './manifest/transform-node.ts';
import { type Batch, batchesOf, withinSql } from './manifest/batches.ts';
import { besideOf, type Build, relationSql, run } from './materialize/build.ts';
import { createTableSql, dropSql } from './materialize/ddl.ts';
import { insertSql } from './materialize/incremental.ts';
import { dropLeftover, publishTable, type RunCompiled } from './materialize/publish.ts';
import { presentColumns } from './materialize/relation-columns.ts';
import type { Step } from './step.ts';

export interface MicrobatchResult {
  readonly rowsInserted: number;
  readonly rowsDeleted: number;
  readonly batches: number;
}

/** Builds each batch in the place of the rows that the table has of its time. */
export async function publishBatches(
  step: Step,
  node: ModelNode,
  config: MicrobatchConfig,
  where: {
    readonly build: Build;
    readonly session: SqlSession;
    readonly moment: Moment;
    readonly isIncrement: boolean;
  },
  runCompiled: RunCompiled,
): Promise<MicrobatchResult> {
  const batches = batchesOf(config, !where.isIncrement, step.startedAtMs);
  let [rowsInserted, rowsDeleted] = [0, 0];
  let { build } = where;
  for (const [index, batch] of batches.entries()) {
    const isFirst = index === 0 && !where.isIncrement;
    const moment = { ...where.moment, batch, isIncremental: !isFirst };
    const select = await compileNode(step.project.manifest, node, moment);
    if (isFirst) {
      rowsInserted += await publishTable(build, select, runCompiled);
    } else {
      const beside = besideOf(build.dialect, build.relation);
      await dropLeftover(build);
      await runCompiled(build, createTableSql(build.dialect, beside, select));
      rowsDeleted += await deleteBatch(build, config, batch);
      const columns = await presentColumns(build.session, build.dialect, beside);
      const names = columns.map((column) => column.name);
      rowsInserted += await run(build, insertSql(build.dialect, build.relation, beside, names));
      await run(build, dropSql(build.dialect, beside, 'table'));
    }
    build = { ...build, existing: 'table', leftover: undefined };
    step.context.progress({ phase: `batch ${index + 1} of ${batches.length}`, rows: rowsInserted });
  }
  return { rowsInserted, rowsDeleted, batches: batches.length };
}

function deleteBatch(build: Build, config: MicrobatchConfig, batch: Batch): Promise<number> {
  const target = relationSql(build.dialect, build.relation);
  return run(build, `delete from ${target} where ${withinSql(config.eventTime, batch)}`);
}
