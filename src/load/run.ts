import type { ConnectionProvider } from '../connector/connection.ts';
import { ConfigError, MillraceError } from '../core/errors.ts';
import type { Executor, StepContext, StepOutcome } from '../core/executor.ts';
import type { GraphNode } from '../core/node.ts';
import type { LoadSpec, NodeOptions } from './nodes.ts';
import type { StreamTask } from './stream-task.ts';
import type { Replication, StreamConfig } from './replication/replication.ts';
import { streamTasks } from './stream-tasks.ts';
import { loadStream, type LoadedStream } from './stream-run.ts';
import { PublishTurns } from './stream/publish.ts';

/** The executor of the nodes that `replicationNodes` makes from the same replications. */
export function createLoadExecutor(
  replications: readonly Replication[],
  connections: ConnectionProvider,
  options: NodeOptions,
): Executor {
  const turns = new PublishTurns();
  return {
    name: 'load',
    execute: async (node, context) => {
      const { replication, stream } = findStream(replications, node);
      const tasks = await streamTasks({
        replication,
        stream,
        connections: options.connections,
        open: connections,
        options: context.options,
        idempotencyKey: context.idempotencyKey,
      });
      const [only, ...others] = tasks;
      if (only && others.length === 0 && only.stream === stream)
        return outcomeOf(await loadStream(only, context, turns));
      return await loadAll(stream, tasks, context, turns);
    },
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
  const loaded: LoadedStream[] = [];
  const failed: { readonly name: string; readonly error: unknown }[] = [];
  for (const task of tasks) {
    try {
      loaded.push(await loadStream(task, context, turns));
    } catch (error) {
      if (context.signal.aborted) throw error;
      const message = error instanceof Error ? error.message : String(error);
      context.log(`${task.stream.name}: ${message}`, 'error');
      failed.push({ name: task.stream.name, error });
    }
  }
  const [first] = failed;
  if (first) throw partlyFailed(wildcard, failed.length, tasks.length, first.error);
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
    },
  };
}

function outcomeOf(loaded: LoadedStream): StepOutcome {
  return {
    rows: loaded.rows,
    bytes: loaded.figures.bytes,
    columns: loaded.columns,
    metadata: loaded.figures,
  };
}

function findStream(
  replications: readonly Replication[],
  node: GraphNode,
): { readonly replication: Replication; readonly stream: StreamConfig } {
  const spec = node.spec as Partial<LoadSpec>;
  const replication = replications.find((candidate) => candidate.file === spec.replication);
  const stream = replication?.streams.find((candidate) => candidate.name === spec.stream);
  if (replication && stream) return { replication, stream };
  throw new ConfigError(
    `${node.key}: the stream ${String(spec.stream)} is no longer in ${String(spec.replication)}`,
    {
      code: 'stream_missing',
      origin: node.origin,
      next: 'Plan again: millrace plan',
    },
  );
}

/** Keeps the kind of the first error, so that a retry is decided by it. */
function partlyFailed(wildcard: StreamConfig, failures: number, total: number, cause: unknown): unknown {
  if (!(cause instanceof MillraceError)) return cause;
  const message = `${failures} of ${total} streams of ${wildcard.name} failed; the first: ${cause.message}`;
  const detail = {
    code: cause.code,
    state: 'The other streams are loaded and published',
    ...(cause.origin ? { origin: cause.origin } : {}),
    ...(cause.next === undefined ? {} : { next: cause.next }),
    cause,
  };
  const SameKind = cause.constructor as new (message: string, detail: object) => MillraceError;
  return new SameKind(message, detail);
}
