import type { CompiledSql } from '../compile/compiled-sql.ts';
import { captureAttachments, restoreAttachments } from './attachments.ts';
import { besideOf, type Build, relationSql, run } from './build.ts';
import { checkContract, contractedTableSql } from './contract-check.ts';
import { createTableSql, createViewSql, dropSql, renameSql } from './ddl.ts';

/** Runs a statement that holds compiled SQL, so that an error can be told by its template line. */
export type RunCompiled = (build: Build, statement: CompiledSql) => Promise<number>;

/** Builds a table beside and puts it in the place of what was there. Gives the number of rows. */
export async function publishTable(
  build: Build,
  select: CompiledSql,
  runCompiled: RunCompiled,
): Promise<number> {
  const beside = besideOf(build.dialect, build.relation);
  await dropLeftover(build);
  const rows = await createTable(build, beside, select, runCompiled);
  await replaceByBeside(build);
  return rows > 0 ? rows : await countRows(build);
}

async function createTable(
  build: Build,
  beside: Build['relation'],
  select: CompiledSql,
  runCompiled: RunCompiled,
): Promise<number> {
  const { contract, overrides } = build;
  if (overrides.createTable) return await runCompiled(build, await overrides.createTable(beside, select));
  if (!contract) return await runCompiled(build, createTableSql(build.dialect, beside, select));
  await checkContract(build, contract, select);
  const { create, insert } = contractedTableSql(build, beside, contract, select);
  await run(build, create);
  return await runCompiled(build, insert);
}

/** Puts the finished table beside in the place of what was there. */
export async function replaceByBeside(build: Build): Promise<void> {
  const attachments = await captureAttachments(build);
  if (build.existing) await run(build, dropSql(build.dialect, build.relation, build.existing));
  await run(
    build,
    renameSql(build.dialect, besideOf(build.dialect, build.relation), build.relation, 'table'),
  );
  await restoreAttachments(build, attachments);
}

export async function publishView(
  build: Build,
  select: CompiledSql,
  runCompiled: RunCompiled,
): Promise<void> {
  if (build.contract) await checkContract(build, build.contract, select);
  const attachments = await captureAttachments(build);
  if (build.existing) await run(build, dropSql(build.dialect, build.relation, build.existing));
  const create = await build.overrides.createView?.(build.relation, select);
  await runCompiled(build, create ?? createViewSql(build.dialect, build.relation, select));
  await restoreAttachments(build, attachments);
}

export async function dropLeftover(build: Build): Promise<void> {
  if (!build.leftover) return;
  await run(build, dropSql(build.dialect, besideOf(build.dialect, build.relation), build.leftover));
}

export async function countRows(build: Build): Promise<number> {
  const sql = `select count(*) from ${relationSql(build.dialect, build.relation)}`;
  const { rows } = await build.session.query(sql, [], build.signal);
  return Number(rows[0]?.[0] ?? 0);
}
