import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { CancelledError, ConfigError, FatalError } from '../core/errors.ts';
import type { Executor, StepContext, StepOutcome } from '../core/executor.ts';
import type { JsonObject } from '../core/json.ts';
import type { RunRecord } from '../core/ledger.ts';
import type { GraphNode } from '../core/node.ts';
import { argumentsOf } from './context/run-arguments.ts';
import { endKey, executorName } from './graph-nodes.ts';
import type { TransformNode } from './manifest/transform-node.ts';
import { withFingerprint } from './outcome-fingerprint.ts';
import type { TransformProject } from './project.ts';
import { hashOf } from './step.ts';
import { writtenPath } from './written-sql.ts';
import { dbtArguments, isEphemeral } from './dbt/dbt-arguments.ts';
import { isWanted, readyIds } from './dbt/dbt-batch.ts';
import { findDbt } from './dbt/dbt-executable.ts';
import { type DbtInvocation, invokeDbt } from './dbt/dbt-invocation.ts';
import { outcomeOf } from './dbt/dbt-outcome.ts';
import { useProfile } from './dbt/dbt-profile.ts';
import type { DbtSettings, MadeProfile } from './dbt/dbt-settings.ts';

export interface DbtSurroundings {
  readonly settings: DbtSettings;
  /** The run as it is now. */
  findRun(runId: string): Promise<RunRecord | undefined>;
  /** A profile for dbt of the warehouse's connection. */
  makeProfile(): Promise<MadeProfile>;
  /** Does `work` while nobody else has the warehouse open, where only one process may have it. */
  alone<T>(work: () => Promise<T>): Promise<T>;
}

/** How often it is looked whether the run goes on, while none of its steps waits for dbt. */
const lookMs = 1000;

/**
 * Has dbt build and test the nodes of a run: one `dbt build` for all that can be built now. Steps are begun by the
 * engine in their order and end with what that dbt says of their node, which it may have built before.
 */
export function createDbtExecutor(project: TransformProject, surroundings: DbtSurroundings): Executor {
  const hasDatasets = [...project.manifest.byId.values()].some(({ dataset }) => dataset !== undefined);
  let current: Work | undefined;
  /** Invocations follow one another: they share a target folder, and maybe a database of one process. */
  let last: Promise<unknown> = Promise.resolve();
  const workFor = async (id: string, context: StepContext): Promise<Work> => {
    for (;;) {
      if (current?.runId === context.runId && current.takes(id)) return current;
      const before = last;
      await before;
      throwIfAborted(context);
      // Several steps may have waited for the same end: the first of them begins anew, the others look again.
      if (last !== before) continue;
      const begun = beginWork(project, surroundings, id, context);
      last = begun.then((work) => work.invocation.ended).catch(() => undefined);
      current = await begun;
      return current;
    }
  };
  return {
    name: executorName,
    execute: async (graphNode, context) => {
      if (hasDatasets) throw datasetsRefused();
      if (graphNode.key === endKey) {
        await last;
        return endOutcome(current, context, graphNode);
      }
      const node = project.manifest.byKey.get(graphNode.key);
      if (!node || node.kind === 'source') {
        throw new ConfigError(`the dbt project builds no "${graphNode.key}"`, {
          code: 'node_missing',
          origin: graphNode.origin,
        });
      }
      if (isEphemeral(node))
        return withFingerprint(graphNode, { metadata: { materialization: 'ephemeral' } });
      const work = await workFor(node.uniqueId, context);
      return withFingerprint(graphNode, await work.attend(node, context));
    },
  };
}

interface Work {
  readonly runId: string;
  readonly invocation: DbtInvocation;
  /** Whether it is the one that does this node: each is done once by it. */
  takes(id: string): boolean;
  attend(node: TransformNode, context: StepContext): Promise<StepOutcome>;
}

async function beginWork(
  project: TransformProject,
  surroundings: DbtSurroundings,
  id: string,
  context: StepContext,
): Promise<Work> {
  const { runId } = context;
  const run = await surroundings.findRun(runId);
  const ids = run ? readyIds(project.manifest, run, context.partitions?.text) : [];
  const targetFolder = targetOf(project, context);
  const invocation = await invoke(project, surroundings, context, ids.includes(id) ? ids : [...ids, id]);
  const untaken = new Set(invocation.ids);
  let attending = 0;
  const look = setInterval(() => {
    if (attending > 0) return;
    void surroundings.findRun(runId).then(
      (now) => (isWanted(now) ? undefined : invocation.cancel()),
      () => undefined,
    );
  }, lookMs);
  void invocation.ended.finally(() => clearInterval(look));
  return {
    runId,
    invocation,
    takes: (other) => untaken.has(other),
    attend: async (node, step) => {
      untaken.delete(node.uniqueId);
      attending += 1;
      const cancel = (): void => invocation.cancel();
      step.signal.addEventListener('abort', cancel, { once: true });
      if (step.signal.aborted) cancel();
      try {
        invocation.listen(node.uniqueId, (message, level) => step.log(message, level));
        const result = await invocation.resultOf(node.uniqueId).catch(async (error: unknown) => {
          await invocation.ended;
          throwIfAborted(step);
          throw error;
        });
        return outcomeOf(node, result, await tracesOf(project, node, targetFolder, invocation.version));
      } finally {
        attending -= 1;
        step.signal.removeEventListener('abort', cancel);
      }
    },
  };
}

async function invoke(
  project: TransformProject,
  surroundings: DbtSurroundings,
  context: StepContext,
  ids: readonly string[],
): Promise<DbtInvocation> {
  const { settings } = surroundings;
  const { manifest } = project;
  const path = await findDbt(settings);
  const { name: targetName } = manifest.scope.target;
  const profile = await useProfile(settings, typeof targetName === 'string' ? targetName : 'dev', () =>
    surroundings.makeProfile(),
  );
  const targetFolder = targetOf(project, context);
  const args = dbtArguments({
    manifest,
    settings,
    profilesFolder: profile.folder,
    profile: profile.profile,
    target: profile.target,
    targetFolder,
    given: argumentsOf(context.options.room),
    isFullRefresh: context.options.fullRefresh,
    ids,
  });
  context.log(
    `${path} ${args.slice(0, maxShownArguments).join(' ')}${args.length > maxShownArguments ? ' ...' : ''}`,
  );
  const started = Promise.withResolvers<DbtInvocation>();
  const done = surroundings.alone(async () => {
    throwIfAborted(context);
    const invocation = await invokeDbt({
      path,
      folder: project.folder,
      targetFolder,
      arguments: args,
      environment: { ...quiet, ...settings.environment, ...profile.secrets },
      ids,
    });
    started.resolve(invocation);
    await invocation.ended;
  });
  done.catch((error: unknown) => started.reject(error));
  const invocation = await started.promise;
  return {
    ...invocation,
    get version() {
      return invocation.version;
    },
    ended: done,
  };
}

const maxShownArguments = 40;

/** What is reported to nobody while Millrace builds is not reported either while dbt does. */
const quiet = { DBT_SEND_ANONYMOUS_USAGE_STATS: 'false' };

function targetOf(project: TransformProject, { options }: StepContext): string {
  return (
    argumentsOf(options.room).targetFolder ?? resolve(project.folder, project.manifest.projectFile.targetPath)
  );
}

/** What is known of the SQL that dbt has compiled for the node. */
async function tracesOf(
  project: TransformProject,
  node: TransformNode,
  targetFolder: string,
  version: string | undefined,
): Promise<JsonObject> {
  const said = version === undefined ? {} : { dbtVersion: version };
  if (node.kind === 'seed') return said;
  try {
    const sql = await readFile(join(targetFolder, 'compiled', writtenPath(project.manifest, node)), 'utf8');
    return { ...said, compiledSqlHash: hashOf(sql) };
  } catch {
    return said;
  }
}

/** `on-run-end` was run by dbt itself, each time that it was called. */
function endOutcome(work: Work | undefined, context: StepContext, node: GraphNode): StepOutcome {
  const operations = work?.runId === context.runId ? work.invocation.operations() : [];
  const failed = operations.find(({ result }) => result.status === 'error');
  if (failed) {
    throw new FatalError(`${failed.id}: ${failed.result.message ?? 'failed'}`, {
      code: 'dbt_node_failed',
      origin: node.origin,
    });
  }
  return { metadata: { executor: 'dbt', statements: operations.length } };
}

function throwIfAborted({ signal }: StepContext): void {
  if (signal.aborted) throw new CancelledError('dbt was stopped', { code: 'cancelled' });
}

function datasetsRefused(): ConfigError {
  return new ConfigError('dbt itself does not know datasets.yml', {
    code: 'not_supported',
    next: "Leave out executor: 'dbt', or take the datasets out of the project",
  });
}
