import { ConfigError } from '../core/errors.ts';
import { dialectFor } from '../sql/dialects/index.ts';
import { checkSql } from './check.ts';
import { compileNodeSync } from './compile/compile-node.ts';
import { readingMoment } from './context/render-scope.ts';
import type { RefNode, SeedNode } from './manifest/transform-node.ts';
import { besideOf } from './materialize/build.ts';
import { createTableSql, createViewSql, dropSql, renameSql } from './materialize/ddl.ts';
import { insertSql } from './materialize/incremental.ts';
import { firstVersionsSql } from './materialize/snapshot.ts';
import { createSeedSql, readSeedTable } from './materialize/seed.ts';
import type { TransformProject } from './project.ts';
import type { Dialect } from '../sql/dialect.ts';

/**
 * The statements that a node would run, as text, without touching the warehouse. What a template decides by looking into
 * the warehouse is shown as it is while `execute` is false.
 */
export function explainTransform(project: TransformProject, key: string): string {
  const node = project.manifest.byKey.get(key);
  const dialect = dialectFor(project.dialectName);
  if (!node || node.kind === 'source' || !dialect) {
    throw new ConfigError(`the dbt project builds no "${key}"`, { code: 'node_missing' });
  }
  if (node.kind === 'seed') return script(seedStatements(dialect, node));
  const compiled = compileNodeSync(project.manifest, node, readingMoment);
  if (node.kind === 'test') return script([checkSql(node, compiled).sql]);
  if (node.config.materialized === 'ephemeral') return script([compiled.sql]);
  if (node.config.materialized === 'view') {
    return script([
      dropSql(dialect, node.relation, 'view'),
      createViewSql(dialect, node.relation, compiled).sql,
    ]);
  }
  const firstBuild = swap(
    dialect,
    node,
    createTableSql(dialect, besideOf(dialect, node.relation), compiled).sql,
  );
  if (node.kind === 'snapshot') {
    const first = firstVersionsSql(dialect, node.snapshot, compiled);
    return script(swap(dialect, node, createTableSql(dialect, besideOf(dialect, node.relation), first).sql));
  }
  if (node.config.materialized === 'table') return script(firstBuild);
  const increment = compileNodeSync(project.manifest, node, { ...readingMoment, isIncremental: true });
  return [
    '-- when the table does not exist, or on a full refresh',
    script(firstBuild),
    '-- when the table exists',
    script(
      incrementStatements(
        dialect,
        node,
        createTableSql(dialect, besideOf(dialect, node.relation), increment).sql,
      ),
    ),
  ].join('\n');
}

function swap(dialect: Dialect, node: RefNode, ...create: readonly string[]): readonly string[] {
  return [
    ...create,
    dropSql(dialect, node.relation, 'table'),
    renameSql(dialect, besideOf(dialect, node.relation), node.relation, 'table'),
  ];
}

function seedStatements(dialect: Dialect, node: SeedNode): readonly string[] {
  const table = readSeedTable(node, dialect.name);
  const beside = besideOf(dialect, node.relation);
  return swap(
    dialect,
    node,
    createSeedSql({ dialect }, beside, table),
    `-- insert ${table.rows.length} rows of ${node.origin.file}`,
  );
}

function incrementStatements(dialect: Dialect, node: RefNode, create: string): readonly string[] {
  const beside = besideOf(dialect, node.relation);
  const keys = node.config.uniqueKey.join(', ');
  const isByKey = node.config.incrementalStrategy === 'delete+insert' && keys !== '';
  return [
    create,
    ...(isByKey ? [`-- delete rows whose key (${keys}) is among the new rows`] : []),
    insertSql(dialect, node.relation, beside, ['every column']).replaceAll('"every column"', '...'),
    dropSql(dialect, beside, 'table'),
  ];
}

function script(statements: readonly string[]): string {
  const lines = statements.map((statement) => (statement.startsWith('--') ? statement : `${statement};`));
  return `begin;\n${lines.join('\n')}\ncommit;\n`;
}
