import { ConfigError } from '../core/errors.ts';
import type { StepOutcome } from '../core/executor.ts';
import type { JsonObject } from '../core/json.ts';
import { compileNode } from './compile/compile-node.ts';
import type { CompiledSql } from './compile/compiled-sql.ts';
import { materializeByMacro } from './custom-materialization.ts';
import { runHooks } from './hooks.ts';
import type { Moment } from './context/render-scope.ts';
import type { RefNode } from './manifest/transform-node.ts';
import { besideOf, type Build, relationSql, type RelationType } from './materialize/build.ts';
import { finishRelation, runHeader } from './materialize/finishing.ts';
import { publishIncrement } from './materialize/incremental.ts';
import { createMarkSql, isPublishedBy, markPublished, markRelation } from './materialize/publish-mark.ts';
import { countRows, publishTable, publishView, type RunCompiled } from './materialize/publish.ts';
import { presentColumns, relationColumns } from './materialize/relation-columns.ts';
import { publishMaterializedView } from './materialize/materialized-view.ts';
import { publishSnapshot } from './materialize/snapshot.ts';
import { publishSeed } from './materialize/seed.ts';
import { buildOf, documented, retryingConflicts } from './build-transaction.ts';
import { buildBatches } from './microbatch.ts';
import { hashOf, keepCompiled, momentOf, runStatement, type Step } from './step.ts';

function pythonModel({ origin }: RefNode): ConfigError {
  return new ConfigError('a Python model is run by dbt alone', {
    code: 'python_model',
    origin,
    next: "Build it with the dbt that is installed (--executor dbt, or executor: 'dbt'), or write it in SQL.",
  });
}

/** Builds a model or seed: hooks, publication and mark in one transaction. */
export async function buildNode(step: Step, node: RefNode): Promise<StepOutcome> {
  if (node.kind === 'model' && node.language === 'python') throw pythonModel(node);
  const { warehouse, context, project } = step;
  const { database } = warehouse;
  await warehouse.ensureSchema(node.relation, context.runId);
  const beside = besideOf(database.dialect, node.relation).identifier;
  const types = await warehouse.typesOf(node.relation, [node.relation.identifier, beside]);
  const existing = types.get(node.relation.identifier);
  const isFullRefresh = node.config.fullRefresh ?? context.options.fullRefresh;
  const mode = {
    isFullRefresh,
    isIncremental: isIncremental(node) && existing === 'table' && !isFullRefresh,
  };
  if (isIncremental(node)) {
    await warehouse.ensureTable(markRelation(node.relation), createMarkSql(database.dialect, node.relation));
  }
  const outside = { isInTransaction: false, session: database, moment: momentOf(step, database, mode) };
  const compiled =
    node.kind !== 'seed' ? await compileNode(project.manifest, node, outside.moment) : undefined;
  if (compiled) keepCompiled(step, node, compiled.sql);
  if (compiled && node.config.customMaterialization !== undefined) {
    return await buildByMacro(step, node, compiled, mode);
  }
  if (node.kind === 'model' && node.config.microbatch) {
    return await buildBatches(step, node, node.config.microbatch, {
      ...mode,
      existing,
      leftover: types.get(beside),
    });
  }
  await runHooks(step, node, node.config.preHooks, outside);
  const result = await retryingConflicts(step, () =>
    database.transaction(async (session) => {
      const inside = { isInTransaction: true, session, moment: momentOf(step, session, mode) };
      const build = buildOf(step, node, inside, existing, types.get(beside));
      await runHooks(step, node, node.config.preHooks, inside);
      await runHeader(build, node);
      const published = compiled
        ? await publishModel(step, node, build, compiled, inside.moment)
        : await publishSeedNode(node, build);
      const columns = await presentColumns(session, database.dialect, node.relation);
      const type = typeOf(node);
      await finishRelation(build, node, type, columns);
      await runHooks(step, node, node.config.postHooks, inside);
      return { ...published, columns };
    }, context.signal),
  );
  await runHooks(step, node, node.config.postHooks, outside);
  return {
    ...(result.rows === undefined ? {} : { rows: result.rows }),
    columns: documented(result.columns, node.columns),
    metadata: {
      materialization: node.config.materialized,
      relation: relationSql(database.dialect, { ...node.relation, database: '' }),
      ...(compiled ? { compiledSqlHash: hashOf(compiled.sql) } : {}),
      ...result.metadata,
    },
  };
}

async function buildByMacro(
  step: Step,
  node: RefNode,
  compiled: CompiledSql,
  mode: { readonly isIncremental: boolean; readonly isFullRefresh: boolean },
): Promise<StepOutcome> {
  const { database } = step.warehouse;
  const columns = await retryingConflicts(step, () =>
    database.transaction(async (session) => {
      await materializeByMacro(step, node, compiled, { session, moment: momentOf(step, session, mode) });
      return await relationColumns(session, database.dialect, node.relation);
    }, step.context.signal),
  );
  return {
    columns: documented(columns, node.columns),
    metadata: {
      materialization: node.config.customMaterialization ?? '',
      compiledSqlHash: hashOf(compiled.sql),
    },
  };
}

interface Published {
  /** Absent for views. */
  readonly rows?: number;
  readonly metadata: JsonObject;
}

async function publishSeedNode(node: RefNode, build: Build): Promise<Published> {
  if (node.kind !== 'seed') throw new TypeError(`${node.key} was not compiled`);
  const rows = await publishSeed(build, node);
  return { rows, metadata: { rowsInserted: rows } };
}

async function publishModel(
  step: Step,
  node: RefNode,
  build: Build,
  compiled: CompiledSql,
  moment: Moment,
): Promise<Published> {
  const isIncrement = moment.isIncremental;
  const runCompiled: RunCompiled = (target, statement) =>
    runStatement(step, node, statement, (sql) => target.session.execute(sql, [], target.signal));
  if (node.kind === 'snapshot') {
    const { rowsInserted, rowsClosed } = await publishSnapshot(build, compiled, node.snapshot, runCompiled);
    return { rows: await countRows(build), metadata: { rowsInserted, rowsClosed } };
  }
  if (node.config.materialized === 'view') {
    await publishView(build, compiled, runCompiled);
    return { metadata: {} };
  }
  if (node.config.materialized === 'materialized_view') {
    const change = await publishMaterializedView(
      build,
      compiled,
      node.config,
      moment.isFullRefresh,
      runCompiled,
    );
    return { metadata: { change } };
  }
  if (!isIncremental(node)) {
    const rows = await publishTable(build, compiled, runCompiled);
    return { rows, metadata: { rowsInserted: rows } };
  }
  const stepName = step.context.idempotencyKey;
  const isRepeated = await isPublishedBy(build.session, build.dialect, node.relation, stepName);
  if (build.existing === 'table' && isRepeated) {
    step.context.log('this step had already published its rows before it was interrupted');
    return { rows: await countRows(build), metadata: { rowsInserted: 0, repeated: true } };
  }
  const published = isIncrement
    ? await addIncrement(build, node, compiled, runCompiled)
    : await firstIncrement(build, compiled, runCompiled);
  await markPublished(build.session, build.dialect, node.relation, stepName);
  return published;
}

async function firstIncrement(
  build: Build,
  compiled: CompiledSql,
  runCompiled: RunCompiled,
): Promise<Published> {
  const rows = await publishTable(build, compiled, runCompiled);
  return { rows, metadata: { rowsInserted: rows } };
}

async function addIncrement(
  build: Build,
  node: RefNode,
  compiled: CompiledSql,
  runCompiled: RunCompiled,
): Promise<Published> {
  const { rowsInserted, rowsDeleted } = await publishIncrement(build, compiled, node.config, runCompiled);
  return { rows: await countRows(build), metadata: { rowsInserted, rowsDeleted } };
}

function typeOf({ config }: RefNode): RelationType {
  if (config.materialized === 'materialized_view') return 'materialized view';
  return config.materialized === 'view' ? 'view' : 'table';
}

function isIncremental(node: RefNode): boolean {
  return node.config.materialized === 'incremental';
}
