import { setTimeout as wait } from 'node:timers/promises';
import type { SqlSession } from '../connector/connection.ts';
import { TransientError } from '../core/errors.ts';
import type { StepOutcome } from '../core/executor.ts';
import type { JsonObject } from '../core/json.ts';
import type { ColumnDoc } from '../core/node.ts';
import { compileNode } from './compile/compile-node.ts';
import type { CompiledSql } from './compile/compiled-sql.ts';
import { materializeByMacro } from './custom-materialization.ts';
import { runHooks } from './hooks.ts';
import type { Moment } from './context/render-scope.ts';
import { contractOf } from './manifest/contract.ts';
import type { RefNode } from './manifest/transform-node.ts';
import { besideOf, type Build, relationSql, type RelationType } from './materialize/build.ts';
import { finishRelation, runHeader } from './materialize/finishing.ts';
import { publishIncrement } from './materialize/incremental.ts';
import { createMarkSql, isPublishedBy, markPublished, markRelation } from './materialize/publish-mark.ts';
import { countRows, publishTable, publishView, type RunCompiled } from './materialize/publish.ts';
import type { RelationColumn } from './context/template-database.ts';
import { presentColumns, relationColumns } from './materialize/relation-columns.ts';
import { publishMaterializedView } from './materialize/materialized-view.ts';
import { publishSnapshot } from './materialize/snapshot.ts';
import { publishSeed } from './materialize/seed.ts';
import type { Manifest } from './reading/manifest.ts';
import { publishBatches } from './microbatch.ts';
import { hashOf, keepCompiled, momentOf, runStatement, type Step } from './step.ts';

/** Two writers of DuckDB's catalogue may collide; the loser tries again. */
const maxConflictTries = 6;
const conflictDelayMs = 50;

/** Builds a model or seed: hooks, publication and mark in one transaction. */
export async function buildNode(step: Step, node: RefNode): Promise<StepOutcome> {
  const { warehouse, context, project } = step;
  const { database } = warehouse;
  await warehouse.ensureSchema(node.relation.schema, context.runId);
  const beside = besideOf(database.dialect, node.relation).identifier;
  const types = await warehouse.typesOf(node.relation.schema, [node.relation.identifier, beside]);
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
  if (compiled) await keepCompiled(step, node, compiled.sql);
  if (compiled && node.config.customMaterialization !== undefined) {
    return await buildByMacro(step, node, compiled, mode);
  }
  await runHooks(step, node, node.config.preHooks, outside);
  const result = await retryingConflicts(step, () =>
    database.transaction(async (session) => {
      const inside = { isInTransaction: true, session, moment: momentOf(step, session, mode) };
      const build = buildOf(step, node, session, existing, types.get(beside));
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
  const { microbatch } = node.config;
  if (microbatch && node.kind === 'model') {
    const { session } = build;
    const where = { build, session, moment, isIncrement };
    const result = await publishBatches(step, node, microbatch, where, runCompiled);
    await markPublished(build.session, build.dialect, node.relation, stepName);
    return { rows: await countRows(build), metadata: { ...result } };
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

function buildOf(
  step: Step,
  node: RefNode,
  session: SqlSession,
  existing: RelationType | undefined,
  leftover: RelationType | undefined,
): Build {
  return {
    session,
    dialect: step.warehouse.database.dialect,
    relation: node.relation,
    existing,
    leftover,
    signal: step.context.signal,
    contract: node.kind === 'model' ? contractOf(node) : undefined,
    ownViews: ownViewsOf(step.project.manifest),
    log: (message, level) => step.context.log(message, level),
  };
}

const ownViews = new WeakMap<Manifest, ReadonlySet<string>>();

/** The models of a project as `schema.name` in lower case. */
function ownViewsOf(manifest: Manifest): ReadonlySet<string> {
  const known = ownViews.get(manifest);
  if (known) return known;
  const names = new Set(
    [...manifest.byId.values()].flatMap((node) =>
      node.kind === 'model' ? [`${node.relation.schema}.${node.relation.identifier}`.toLowerCase()] : [],
    ),
  );
  ownViews.set(manifest, names);
  return names;
}

function typeOf({ config }: RefNode): RelationType {
  if (config.materialized === 'materialized_view') return 'materialized view';
  return config.materialized === 'view' ? 'view' : 'table';
}

function isIncremental(node: RefNode): boolean {
  return node.config.materialized === 'incremental';
}

function documented(columns: readonly RelationColumn[], docs: readonly ColumnDoc[]): readonly ColumnDoc[] {
  const described = new Map(docs.map((column) => [column.name.toLowerCase(), column.description]));
  return columns.map(({ name, dataType }) => {
    const description = described.get(name.toLowerCase());
    return { name, dataType, ...(description === undefined ? {} : { description }) };
  });
}

async function retryingConflicts<T>(step: Step, work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      const isConflict = error instanceof TransientError && error.code === 'transaction_conflict';
      if (!isConflict || attempt >= maxConflictTries) throw error;
      step.context.log(`another writer was faster, trying again: ${error.message}`, 'debug');
      const delayMs = conflictDelayMs * 2 ** attempt * (0.5 + Math.random());
      await wait(delayMs, undefined, { signal: step.context.signal });
    }
  }
}
