import { join } from 'node:path';
import { inspect } from 'node:util';
import type { Environment } from '../config/environment.ts';
import type { ConnectionProvider } from '../connector/connection.ts';
import { ConfigError, FatalError, MillraceError } from '../core/errors.ts';
import { didYouMean } from '../core/near-name.ts';
import type { Executor } from '../core/executor.ts';
import { type Edge, type GraphNode, isNodeKey } from '../core/node.ts';
import { isTaskDefinition, type TaskDefinition } from './definitions.ts';
import { filesBelow } from './project-files.ts';
import { importUserModule } from './user-modules.ts';

export interface Task {
  readonly definition: TaskDefinition;
  /** Path relative to the project's folder. */
  readonly file: string;
}

/** Every `defineTask` that a file under `assets/` exports, in order of files. */
export async function readTasks(projectFolder: string): Promise<readonly Task[]> {
  const files = await filesBelow(projectFolder, 'assets', ['.ts']);
  const tasks: Task[] = [];
  for (const file of files.filter((name) => !/\.(test|d)\.ts$/.test(name))) {
    const module = await importUserModule(join(projectFolder, file), projectFolder);
    for (const definition of Object.values(module).filter((value) => isTaskDefinition(value))) {
      if (!isNodeKey(definition.key)) {
        throw new ConfigError(
          `the task key '${definition.key}' is not a name of letters, digits, '_', '-' and '/'`,
          {
            code: 'task_key_invalid',
            origin: { file },
          },
        );
      }
      requireTimeout(definition, file);
      tasks.push({ definition, file });
    }
  }
  return tasks;
}

function requireTimeout({ key, timeoutSeconds }: TaskDefinition, file: string): void {
  if (timeoutSeconds === undefined || timeoutSeconds > 0) return;
  throw new ConfigError(`the task ${key} has timeoutSeconds: ${timeoutSeconds}, which must be more than 0`, {
    code: 'task_timeout_invalid',
    origin: { file },
  });
}

export function taskNode({ definition, file }: Task): GraphNode {
  return {
    key: `task/${definition.key}`,
    kind: 'task',
    type: 'task',
    description: definition.description ?? '',
    tags: definition.tags ?? [],
    group: 'tasks',
    origin: { file },
    edges: (definition.after ?? []).map((from) => ({ kind: 'after', from, origin: { file } })),
    columns: [],
    executor: 'task',
    ...(definition.timeoutSeconds === undefined ? {} : { timeoutSeconds: definition.timeoutSeconds }),
    ...(definition.pool === undefined ? {} : { pool: definition.pool }),
    spec: { code: definition.run.toString(), before: [...(definition.before ?? [])] },
  };
}

/** @throws ConfigError when a task names a pool that the project does not have */
export function checkPools(tasks: readonly Task[], pools: Readonly<Record<string, number>> = {}): void {
  for (const { definition, file } of tasks) {
    if (definition.pool === undefined || definition.pool in pools) continue;
    throw new ConfigError(
      `task/${definition.key} is in the pool '${definition.pool}', which does not exist`,
      {
        code: 'pool_missing',
        origin: { file },
        next: didYouMean(definition.pool, Object.keys(pools)) ?? 'Add it to pools in millrace.config.ts',
      },
    );
  }
}

/** Runs the functions of `defineTask`. */
export function createTaskExecutor(
  tasks: readonly Task[],
  connections: ConnectionProvider,
  environment: Environment,
): Executor {
  const byKey = new Map(tasks.map((task) => [`task/${task.definition.key}`, task.definition]));
  return {
    name: 'task',
    execute: async (node, context) => {
      const definition = byKey.get(node.key);
      if (!definition)
        throw new FatalError(`${node.key} has no code`, { code: 'task_missing', origin: node.origin });
      const work = definition.run({
        connection: connections,
        environment,
        runId: context.runId,
        attempt: context.attempt,
        input: context.options.input,
        idempotencyKey: context.idempotencyKey,
        signal: context.signal,
        log: (message, level) => context.log(message, level),
        progress: (progress) => context.progress(progress),
      });
      const result = await work.catch((error: unknown) => {
        throw taskFailure(error, node);
      });
      return {
        metadata: result?.metadata ?? {},
        ...(result?.rows === undefined ? {} : { rows: result.rows }),
      };
    },
  };
}

/** What a task throws keeps its kind if it has one; anything else gets its place and its causes. */
function taskFailure(error: unknown, node: GraphNode): unknown {
  if (error instanceof MillraceError) return error;
  const messages: string[] = [];
  for (let cause = error; cause !== undefined && messages.length < 5;) {
    messages.push(cause instanceof Error ? cause.message : inspect(cause));
    cause = cause instanceof Error ? cause.cause : undefined;
  }
  return new FatalError(messages.join(': '), { code: 'task_failed', origin: node.origin, cause: error });
}

/** Lets what a task names in `before` run after it. Names are keys of nodes; a wrong one is an error. */
export function orderAroundTasks(nodes: readonly GraphNode[], tasks: readonly Task[]): readonly GraphNode[] {
  const keys = nodes.map((node) => node.key);
  const added = new Map<string, Edge[]>();
  for (const { definition, file } of tasks) {
    for (const name of definition.before ?? []) {
      const key = keys.find((candidate) => candidate === name || candidate.endsWith(`/${name}`));
      if (key === undefined) {
        throw new ConfigError(`task/${definition.key} runs before '${name}', which does not exist`, {
          code: 'reference_missing',
          origin: { file },
          next: didYouMean(name, keys) ?? 'To see all keys, run: millrace plan',
        });
      }
      const edge: Edge = { kind: 'after', from: `task/${definition.key}`, origin: { file } };
      added.set(key, [...(added.get(key) ?? []), edge]);
    }
  }
  return nodes.map((node) => {
    const edges = added.get(node.key);
    return edges ? { ...node, edges: [...node.edges, ...edges] } : node;
  });
}
