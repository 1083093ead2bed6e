import { type CompiledSql, concatSql } from './compile/compiled-sql.ts';
import type { RelationName, TestNode } from './manifest/transform-node.ts';
import { relationSql } from './materialize/build.ts';
import { createTableSql, createViewSql, dropSql } from './materialize/ddl.ts';
import { runStatement, type Step } from './step.ts';

/** Keeps the failing rows of a test in `relation`, in the place of those of the last time; gives the query that reads them. */
export async function keepFailures(
  step: Step,
  node: TestNode,
  relation: RelationName,
  compiled: CompiledSql,
): Promise<CompiledSql> {
  const { warehouse, context } = step;
  const { dialect } = warehouse.database;
  const limited = node.config.limit === undefined ? [] : [`\nlimit ${node.config.limit}`];
  const rows = concatSql([compiled, ...limited]);
  await warehouse.ensureSchema(relation, context.runId);
  const existing = await warehouse.typeOf(relation);
  await warehouse.database.transaction(async (session) => {
    if (existing) await session.execute(dropSql(dialect, relation, existing), [], context.signal);
    const create =
      node.config.storedFailures === 'view'
        ? createViewSql(dialect, relation, rows)
        : createTableSql(dialect, relation, rows);
    await runStatement(step, node, create, (sql) => session.execute(sql, [], context.signal));
  }, context.signal);
  return { sql: `select * from ${relationSql(dialect, relation)}`, parts: [] };
}
