import { createHash } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import type { ConnectionProvider, SqlSession } from '../connector/connection.ts';
import { ConfigError, TransientError } from '../core/errors.ts';
import type { Executor, StepContext, StepOutcome } from '../core/executor.ts';
import type { JsonObject } from '../core/json.ts';
import { checkOutcome, checkSql, readCheckCount, sampleSql } from './check.ts';
import { compileNode, renderHook } from './compile/compile-node.ts';
import type { CompiledSql } from './compile/compiled-sql.ts';
import type { Moment } from './context/render-scope.ts';
import type { TemplateDatabase } from './context/template-database.ts';
import { statementError } from './errors.ts';
import { executorName } from './graph-nodes.ts';
import type { Hook } from './manifest/node-config.ts';
import type { ModelNode, SeedNode, TestNode } from './manifest/transform-node.ts';
import { besideOf, type Build, relationSql, type RelationType } from './materialize/build.ts';
import { type IncrementalResult, publishIncrement } from './materialize/incremental.ts';
import { createMarkSql, isPublishedBy, markPublished } from './materialize/publish-mark.ts';
import { countRows, publishTable, publishView } from './materialize/publish.ts';
import { relationColumns } from './materialize/relation-columns.ts';
import { publishSeed } from './materialize/seed.ts';
import type { TransformProject } from './project.ts';
import { openWarehouse, type Warehouse } from './warehouse.ts';

/** Two writers of DuckDB's catalogue may collide; the loser tries again. */
const maxConflictTries = 6;
const conflictDelayMs = 50;

/** Builds models and seeds, runs tests. Every relation is published in one transaction. */
export function createTransformExecutor(
  project: TransformProject,
  connections: ConnectionProvider,
): Executor {
  let opened: Promise<Warehouse> | undefined;
  const open = async (): Promise<Warehouse> => {
    opened ??= openWarehouse(project, connections);
    try {
      return await opened;
    } catch (error) {
      opened = undefined;
      throw error;
    }
  };
  return {
    name: executorName,
    execute: async (node, context) => {
      const found = project.manifest.byKey.get(node.key);
      if (!found || found.kind === 'source') {
        throw new ConfigError(`the dbt project builds no "${node.key}"`, {
          code: 'node_missing',
          origin: node.origin,
        });
      }
      if (found.kind === 'model' && found.config.materialized === 'ephemeral') {
        return { metadata: { materialization: 'ephemeral' } };
      }
      const step: Step = { project, warehouse: await open(), context };
      if (found.kind === 'test') return await runCheck(step, found);
      return await buildNode(step, found);
    },
  };
}

interface Step {
  readonly project: TransformProject;
  readonly warehouse: Warehouse;
  readonly context: StepContext;
}

async function runCheck(step: Step, node: TestNode): Promise<StepOutcome> {
  const { database } = step.warehouse;
  const { signal } = step.context;
  const compiled = await compileNode(step.project.manifest, node, momentOf(step, database, false, false));
  const query = async (statement: CompiledSql): ReturnType<SqlSession['query']> => {
    step.context.log(statement.sql, 'debug');
    try {
      return await database.query(statement.sql, [], signal);
    } catch (error) {
      throw statementError(error, statement, node.origin);
    }
  };
  const count = readCheckCount(await query(checkSql(node, compiled)));
  const sample = count.failures > 0 ? await query(sampleSql(compiled)) : undefined;
  const check = checkOutcome(node, count, sample);
  if (check.message.startsWith('warn')) step.context.log(check.message, 'warn');
  return { check, metadata: { compiledSqlHash: hashOf(compiled.sql) } };
}

async function buildNode(step: Step, node: ModelNode | SeedNode): Promise<StepOutcome> {
  const { warehouse, context } = step;
  const { database } = warehouse;
  const isFullRefresh = node.config.fullRefresh ?? context.options.fullRefresh;
  await warehouse.ensureSchema(node.relation.schema);
  const existing = await warehouse.typeOf(node.relation);
  const isIncrement = node.config.materialized === 'incremental' && existing === 'table' && !isFullRefresh;
  const moment = momentOf(step, database, isIncrement, isFullRefresh);
  if (isIncrement)
    await warehouse.inTurn(() => database.execute(createMarkSql(database.dialect, node.relation)));
  const compiled = node.kind === 'model' ? await compileNode(step.project.manifest, node, moment) : undefined;
  await runHooksOutside(step, node, node.config.preHooks, moment);
  const result = await retryingConflicts(step, () =>
    database.transaction(async (session) => {
      const build = await buildOf(step, node, session, existing);
      await runHooksInside(step, node, node.config.preHooks, build, moment);
      const published = await publish(step, node, build, compiled, isIncrement);
      await runHooksInside(step, node, node.config.postHooks, build, moment);
      const columns = await relationColumns(session, database.dialect, node.relation);
      return { ...published, columns };
    }, context.signal),
  );
  await runHooksOutside(step, node, node.config.postHooks, moment);
  return {
    ...(result.rows === undefined ? {} : { rows: result.rows }),
    columns: result.columns.map(({ name, dataType }) => {
      const description = node.columns.find(
        (column) => column.name.toLowerCase() === name.toLowerCase(),
      )?.description;
      return { name, dataType, ...(description === undefined ? {} : { description }) };
    }),
    metadata: {
      materialization: node.config.materialized,
      relation: relationSql(database.dialect, { ...node.relation, database: '' }),
      ...(compiled ? { compiledSqlHash: hashOf(compiled.sql) } : {}),
      ...result.metadata,
    },
  };
}

interface Published {
  /** Absent for views. */
  readonly rows?: number;
  readonly metadata: JsonObject;
}

async function publish(
  step: Step,
  node: ModelNode | SeedNode,
  build: Build,
  compiled: CompiledSql | undefined,
  isIncrement: boolean,
): Promise<Published> {
  if (node.kind === 'seed') {
    const rows = await publishSeed(build, node);
    return { rows, metadata: { rowsInserted: rows } };
  }
  if (!compiled) throw new TypeError(`${node.key} was not compiled`);
  const runCompiled = async (target: Build, statement: CompiledSql): Promise<number> => {
    target.log(statement.sql, 'debug');
    try {
      return await target.session.execute(statement.sql, [], target.signal);
    } catch (error) {
      throw statementError(error, statement, node.origin);
    }
  };
  if (node.config.materialized === 'view') {
    await publishView(build, compiled, runCompiled);
    return { metadata: {} };
  }
  if (!isIncrement) {
    const rows = await publishTable(build, compiled, runCompiled);
    return { rows, metadata: { rowsInserted: rows } };
  }
  const stepName = step.context.idempotencyKey;
  if (await isPublishedBy(build.session, build.dialect, node.relation, stepName)) {
    step.context.log('this step had already added its rows before it was interrupted');
    return { rows: await countRows(build), metadata: { rowsInserted: 0, repeated: true } };
  }
  const result: IncrementalResult = await publishIncrement(build, compiled, node.config, runCompiled);
  await markPublished(build.session, build.dialect, node.relation, stepName);
  return {
    rows: await countRows(build),
    metadata: { rowsInserted: result.rowsInserted, rowsDeleted: result.rowsDeleted },
  };
}

async function buildOf(
  step: Step,
  node: ModelNode | SeedNode,
  session: SqlSession,
  existing: RelationType | undefined,
): Promise<Build> {
  const { database } = step.warehouse;
  const views = [...step.project.manifest.byId.values()].flatMap((other) =>
    other.kind === 'model' && other.config.materialized !== 'ephemeral'
      ? [`${other.relation.schema}.${other.relation.identifier}`.toLowerCase()]
      : [],
  );
  return {
    session,
    dialect: database.dialect,
    relation: node.relation,
    existing,
    leftover: await step.warehouse.typeOf(besideOf(database.dialect, node.relation)),
    signal: step.context.signal,
    ownViews: new Set(views),
    log: (message, level) => step.context.log(message, level),
  };
}

function momentOf(step: Step, session: SqlSession, isIncremental: boolean, isFullRefresh: boolean): Moment {
  const { database } = step.warehouse;
  const { signal } = step.context;
  const templates: TemplateDatabase = {
    dialect: database.dialect,
    query: (sql) => session.query(sql, [], signal),
    execute: (sql) => session.execute(sql, [], signal),
    describe: (table) => database.describe(table),
    list: (schema) => database.list(schema),
  };
  return {
    isExecuting: true,
    isIncremental,
    isFullRefresh,
    database: templates,
    log: (message, level) => step.context.log(message, level),
  };
}

async function runHooksInside(
  step: Step,
  node: ModelNode | SeedNode,
  hooks: readonly Hook[],
  build: Build,
  moment: Moment,
): Promise<void> {
  const inside = momentOf(step, build.session, moment.isIncremental, moment.isFullRefresh);
  await runHooks(step, node, hooks, true, inside, build.session);
}

async function runHooksOutside(
  step: Step,
  node: ModelNode | SeedNode,
  hooks: readonly Hook[],
  moment: Moment,
): Promise<void> {
  await runHooks(step, node, hooks, false, moment, step.warehouse.database);
}

async function runHooks(
  step: Step,
  node: ModelNode | SeedNode,
  hooks: readonly Hook[],
  isInTransaction: boolean,
  moment: Moment,
  session: SqlSession,
): Promise<void> {
  for (const hook of hooks) {
    const rendered = readHook(await renderHook(step.project.manifest, node, hook.sql, moment), hook);
    if (rendered.sql === '' || rendered.isInTransaction !== isInTransaction) continue;
    step.context.log(rendered.sql, 'debug');
    try {
      await session.execute(rendered.sql, [], step.context.signal);
    } catch (error) {
      throw statementError(error, { sql: rendered.sql, parts: [] }, node.origin);
    }
  }
}

/** `after_commit(...)` and its like render to JSON that says when the hook runs. */
function readHook(rendered: string, hook: Hook): Hook {
  if (!rendered.startsWith('{')) return { ...hook, sql: rendered };
  try {
    const said = JSON.parse(rendered) as { sql?: string; transaction?: boolean };
    return { sql: said.sql ?? '', isInTransaction: said.transaction !== false };
  } catch {
    return { ...hook, sql: rendered };
  }
}

async function retryingConflicts<T>(step: Step, work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      const isConflict = error instanceof TransientError && error.code === 'transaction_conflict';
      if (!isConflict || attempt >= maxConflictTries) throw error;
      step.context.log(`another writer was faster, trying again: ${error.message}`, 'debug');
      await wait(conflictDelayMs * 2 ** attempt * (0.5 + Math.random()), undefined, {
        signal: step.context.signal,
      });
    }
  }
}

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
