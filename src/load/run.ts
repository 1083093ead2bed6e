import type { ConnectionProvider } from '../connector/connection.ts';
import { ConfigError, FatalError, MillraceError } from '../core/errors.ts';
import type { Executor, StepContext, StepOutcome } from '../core/executor.ts';
import type { JsonObject, JsonValue } from '../core/json.ts';
import type { GraphNode, RelationRef } from '../core/node.ts';
import type { Environment } from '../config/environment.ts';
import type { HookServices } from './hooks/hook-place.ts';
import { stepMemory } from './hooks/step-memory.ts';
import { warningsOf } from './hooks/warnings.ts';
import { runNested } from './nested-replication.ts';
import type { LoadSpec, NodeOptions } from './nodes.ts';
import { commandPermission } from './replication/hook.ts';
import { isWildcard } from './replication/glob.ts';
import { keptByStart, runReplicationHooks } from './replication-hooks.ts';
import type { StreamTask } from './plan/stream-task.ts';
import type { Replication, StreamConfig } from './replication/replication.ts';
import { streamTasks } from './stream-tasks.ts';
import { loadStream, type LoadedStream } from './stream-run.ts';
import { sharedProgress, usualSideBySide, workSideBySide } from './plan/side-by-side.ts';
import { partitionWindow } from './stream/partition-window.ts';
import { PublishTurns } from './stream/publish.ts';

export interface LoadOptions extends NodeOptions {
  /** Absolute; hooks stay within it. Default: the folder of the process. */
  readonly projectFolder?: string;
  /** For the replications that hooks name. */
  readonly environment?: Environment;
  /** Files of the replications within which these are run, by hooks. */
  readonly within?: readonly string[];
}

/** The executor of the nodes that `replicationNodes` makes from the same replications. */
export function createLoadExecutor(
  replications: readonly Replication[],
  connections: ConnectionProvider,
  options: LoadOptions,
): Executor {
  const turns = new PublishTurns();
  const services = hookServices(connections, options);
  return {
    name: 'load',
    execute: async (node, context) => {
      const replication = findReplication(replications, node);
      if (node.kind === 'task')
        return await runReplicationHooks({ replication, node, services, options }, context);
      const stream = findStream(replication, node);
      const memory = stepMemory(context.checkpoint, (all) => context.saveCheckpoint(all));
      const own = { ...context, saveCheckpoint: (value: JsonValue) => memory.keep('load', value) };
      const tasks = await streamTasks({
        replication,
        stream,
        connections: options.connections,
        services,
        options: context.options,
        idempotencyKey: context.idempotencyKey,
        window: partitionWindow(node, context.partitions),
        run: { id: context.runId, startedAtMs: context.runStartedAtMs },
        kept: await keptByStart(replication, context),
        memory,
      });
      const [only, ...others] = tasks;
      if (only && others.length === 0 && isWildcard(only.stream.name) === isWildcard(stream.name))
        return outcomeOf(await loadStream(only, own, turns));
      return await loadAll(stream, tasks, own, turns);
    },
  };
}

/** What the hooks of these replications, and of pipelines, use. */
export function hookServices(open: ConnectionProvider, options: LoadOptions): HookServices {
  const projectFolder = options.projectFolder ?? process.cwd();
  const { environment = {}, within = [] } = options;
  return {
    open,
    projectFolder,
    mayRunCommands: environment[commandPermission] === 'true',
    replicate: (request, context) =>
      runNested(request, context, { projectFolder, environment, within, options }, (replication, path) =>
        createLoadExecutor([replication], open, { ...options, within: [...within, path] }),
      ),
  };
}

/** Loads what a wildcard stands for; a stream that fails does not keep the others from loading. */
async function loadAll(
  wildcard: StreamConfig,
  tasks: readonly StreamTask[],
  context: StepContext,
  turns: PublishTurns,
): Promise<StepOutcome> {
  if (tasks.length === 0) context.log(`${wildcard.name} matches nothing`, 'warn');
  const outcomes: (LoadedStream | { readonly error: unknown })[] = [];
  const [any] = tasks;
  const width = any ? usualSideBySide(any.source) : 1;
  const shared = sharedProgress(context, tasks.length);
  await workSideBySide(tasks, width, async (task, index) => {
    try {
      outcomes[index] = await loadStream(task, shared.contextOf(index), turns);
    } catch (error) {
      if (context.signal.aborted) throw error;
      const message = error instanceof Error ? error.message : String(error);
      context.log(`${task.stream.name}: ${message}`, 'error');
      outcomes[index] = { error };
    }
    shared.ended();
  });
  const failed = outcomes.flatMap((one, index) => ('error' in one ? [{ error: one.error, index }] : []));
  const loaded = outcomes.filter((one) => 'figures' in one);
  const [first] = failed;
  const missing = failed.map(({ index }) => relationOf(tasks[index] as StreamTask));
  if (first) throw partlyFailed(wildcard, missing, tasks.length, first.error);
  const sum = (pick: (one: LoadedStream) => number): number =>
    loaded.reduce((total, one) => total + pick(one), 0);
  return {
    rows: sum((one) => one.rows),
    bytes: sum((one) => one.figures.bytes),
    metadata: {
      streams: loaded.map((one) => one.figures),
      rowsRead: sum((one) => one.figures.rowsRead),
      rowsInserted: sum((one) => one.figures.rowsInserted),
      rowsUpdated: sum((one) => one.figures.rowsUpdated),
      rowsDeleted: sum((one) => one.figures.rowsDeleted),
      ...warningsOf(loaded.flatMap(({ figures }) => figures.warnings ?? [])),
      ...leftOf(loaded),
    },
  };
}

function outcomeOf(loaded: LoadedStream): StepOutcome {
  return {
    rows: loaded.rows,
    bytes: loaded.figures.bytes,
    columns: loaded.columns,
    metadata: { ...loaded.figures, ...leftOf([loaded]) },
  };
}

function leftOf(loaded: readonly LoadedStream[]): JsonObject {
  const hooksLeft = loaded.flatMap(({ left }) => left ?? []);
  return hooksLeft.length === 0 ? {} : { hooksLeft };
}

function findReplication(replications: readonly Replication[], node: GraphNode): Replication {
  const { replication } = node.spec as Partial<LoadSpec>;
  const found = replications.find((candidate) => candidate.file === replication);
  if (found) return found;
  throw streamMissing(node);
}

function findStream({ streams }: Replication, node: GraphNode): StreamConfig {
  const { stream } = node.spec as Partial<LoadSpec>;
  const found = streams.find((candidate) => candidate.name === stream);
  if (found) return found;
  throw streamMissing(node);
}

function streamMissing({ key, spec, origin }: GraphNode): ConfigError {
  const { stream, replication } = spec as Partial<LoadSpec>;
  return new ConfigError(`${key}: ${stream ?? 'its list of hooks'} is no longer in ${replication}`, {
    code: 'stream_missing',
    origin,
    next: 'Plan again: millrace plan',
  });
}

function relationOf({ target, object }: StreamTask): RelationRef {
  return { connection: target.name, schema: object.schema, name: object.name };
}

/** Keeps the kind of the first error, so that a retry is decided by it. */
function partlyFailed(
  wildcard: StreamConfig,
  missing: readonly RelationRef[],
  total: number,
  cause: unknown,
): MillraceError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  const message = `${missing.length} of ${total} streams of ${wildcard.name} failed, ${listed(missing)}; the first: ${reason}`;
  const state = 'The other streams are loaded and published';
  if (!(cause instanceof MillraceError))
    return new FatalError(message, { code: 'unexpected', state, relations: missing, cause });
  const detail = {
    code: cause.code,
    state,
    relations: missing,
    ...(cause.origin ? { origin: cause.origin } : {}),
    ...(cause.next === undefined ? {} : { next: cause.next }),
    cause,
  };
  const SameKind = cause.constructor as new (message: string, detail: object) => MillraceError;
  return new SameKind(message, detail);
}

const mostListed = 5;

/** Names of tables, or of the first of them. */
function listed(tables: readonly RelationRef[]): string {
  const names = tables.map(({ schema, name }) => (schema === '' ? name : `${schema}.${name}`));
  const more = names.length - mostListed;
  return more > 0 ? `${names.slice(0, mostListed).join(', ')} and ${more} more` : names.join(', ');
}
