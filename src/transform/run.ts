import type { ConnectionProvider } from '../connector/connection.ts';
import { ConfigError } from '../core/errors.ts';
import type { Executor, StepContext, StepOutcome } from '../core/executor.ts';
import { buildNode } from './building.ts';
import { checkOutcome, checkSql, readCheckCount, sampleSql } from './check.ts';
import { argumentsOf } from './context/run-arguments.ts';
import { compileNode } from './compile/compile-node.ts';
import { unitTestSql } from './compile/unit-test-sql.ts';
import { queryColumns, relationColumns } from './materialize/relation-columns.ts';
import { endKey, executorName } from './graph-nodes.ts';
import { runRunHooks } from './run-hooks.ts';
import { refuse } from './manifest/refusal.ts';
import type { TestNode } from './manifest/transform-node.ts';
import { withFingerprint } from './outcome-fingerprint.ts';
import type { TransformProject } from './project.ts';
import { hashOf, keepCompiled, keepExecuted, momentOf, runStatement, type Step } from './step.ts';
import { keepFailures } from './stored-failures.ts';
import { openWarehouse, type Warehouse } from './warehouse.ts';

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
  let run: KnownRun = { runId: '', runStartedAtMs: 0, timings: new Map() };
  const runOf = (runId: string): KnownRun => {
    if (run.runId !== runId) run = { runId, runStartedAtMs: Date.now(), timings: new Map() };
    return run;
  };
  const startedRuns = new Map<string, Promise<number>>();
  const start = (step: Step): Promise<number> => {
    const { runId } = step.context;
    const known = startedRuns.get(runId);
    if (known) return known;
    const started = runRunHooks(step, 'start').catch((error: unknown) => {
      startedRuns.delete(runId);
      throw error;
    });
    startedRuns.set(runId, started);
    return started;
  };
  return {
    name: executorName,
    execute: async (node, context) => {
      if (node.key === endKey) {
        const step = stepOf(project, await open(), context, runOf(context.runId));
        return { metadata: { statements: await runRunHooks(step, 'end') } };
      }
      const found = project.manifest.byKey.get(node.key);
      if (!found || found.kind === 'source') {
        throw new ConfigError(`the dbt project builds no "${node.key}"`, {
          code: 'node_missing',
          origin: node.origin,
        });
      }
      if (found.kind === 'model' && found.config.materialized === 'ephemeral') {
        return withFingerprint(node, { metadata: { materialization: 'ephemeral' } });
      }
      refuse(found.config);
      const step = stepOf(project, await open(), context, runOf(context.runId));
      await start(step);
      const outcome = found.kind === 'test' ? await runCheck(step, found) : await buildNode(step, found);
      keepExecuted(step, found);
      step.timings.set(node.key, { startedAtMs: step.startedAtMs, endedAtMs: Date.now() });
      return withFingerprint(node, outcome);
    },
  };
}

/** What steps of one run share in this process. */
interface KnownRun extends Pick<Step, 'runStartedAtMs' | 'timings'> {
  readonly runId: string;
}

/** A test that reads nothing is of no asset, so that nobody else knows that it is only to be shown. */
function isShownOnly({ subject, config }: TestNode): boolean {
  return subject === undefined && config.severity === 'warn';
}

function stepOf(
  project: TransformProject,
  warehouse: Warehouse,
  context: StepContext,
  { runStartedAtMs, timings }: KnownRun,
): Step {
  const given = argumentsOf(context.options.room);
  return {
    project,
    warehouse,
    context,
    startedAtMs: Date.now(),
    runStartedAtMs,
    given,
    executed: [],
    timings,
  };
}

async function runCheck(step: Step, node: TestNode): Promise<StepOutcome> {
  const { database } = step.warehouse;
  const moment = momentOf(step, database, { isIncremental: false, isFullRefresh: false });
  const compiled =
    node.body.sort === 'unit'
      ? await unitTestSql({
          manifest: step.project.manifest,
          node,
          body: node.body,
          dialect: database.dialect,
          moment,
          columnsOf: (other) => relationColumns(database, database.dialect, other.relation),
          columnsOfQuery: (query) => queryColumns(database, database.dialect, query),
        })
      : await compileNode(step.project.manifest, node, moment);
  keepCompiled(step, node, compiled.sql);
  const query = (sql: string): ReturnType<typeof database.query> =>
    database.query(sql, [], step.context.signal);
  const failing = node.failures ? await keepFailures(step, node, node.failures, compiled) : compiled;
  const count = readCheckCount(await runStatement(step, node, checkSql(node, failing), query));
  const sample = count.failures > 0 ? await runStatement(step, node, sampleSql(failing), query) : undefined;
  const outcome = checkOutcome(node, count, sample);
  const check = isShownOnly(node) ? { ...outcome, passed: true } : outcome;
  if (check.passed && check.message !== 'passed') step.context.log(check.message, 'warn');
  return { check, metadata: { compiledSqlHash: hashOf(compiled.sql) } };
}
