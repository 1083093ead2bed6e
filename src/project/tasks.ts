import { join } from 'node:path';
import { inspect } from 'node:util';
import type { Environment } from '../config/environment.ts';
import type { ConnectionProvider } from '../connector/connection.ts';
import { ConfigError, FatalError, MillraceError } from '../core/errors.ts';
import type { JsonObject, JsonValue } from '../core/json.ts';
import { didYouMean } from '../core/near-name.ts';
import type { Executor } from '../core/executor.ts';
import { type Edge, type GraphNode, isNodeKey, type NodeKey } from '../core/node.ts';
import { type CodeNode, isAsset, isCodeNode } from './definitions.ts';
import { givenPartitions } from './given-partitions.ts';
import { filesBelow } from './project-files.ts';
import { importUserModule } from './user-modules.ts';

/** A task or asset of code. */
export interface Task {
  readonly definition: CodeNode;
  /** Path relative to the project's folder. */
  readonly file: string;
}

/** Every `defineTask` and `defineAsset` that a file under `assets/` exports, in order of files. */
export async function readTasks(projectFolder: string): Promise<readonly Task[]> {
  const files = await filesBelow(projectFolder, 'assets', ['.ts']);
  const tasks: Task[] = [];
  for (const file of files.filter((name) => !/\.(test|d)\.ts$/.test(name))) {
    const module = await importUserModule(join(projectFolder, file), projectFolder);
    for (const definition of Object.values(module).filter((value) => isCodeNode(value))) {
      if (!isNodeKey(definition.key)) {
        throw new ConfigError(
          `the key '${definition.key}' is not a name of letters, digits, '_', '-' and '/'`,
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

function requireTimeout(definition: CodeNode, file: string): void {
  const { timeoutSeconds } = definition;
  if (timeoutSeconds === undefined || timeoutSeconds > 0) return;
  throw new ConfigError(
    `${keyOf(definition)} has timeoutSeconds: ${timeoutSeconds}, which must be more than 0`,
    {
      code: 'task_timeout_invalid',
      origin: { file },
    },
  );
}

/** Assets are named for what they are, tasks carry their kind. */
function keyOf(definition: CodeNode): NodeKey {
  return isAsset(definition) ? definition.key : `task/${definition.key}`;
}

export function taskNode({ definition, file }: Task): GraphNode {
  const { timeoutSeconds, pool, effects, relation } = definition;
  const isOfAsset = isAsset(definition);
  return {
    key: keyOf(definition),
    kind: isOfAsset ? 'asset' : 'task',
    type: isOfAsset ? 'function' : 'task',
    description: definition.description ?? '',
    tags: definition.tags ?? [],
    group: definition.group ?? (isOfAsset ? 'assets' : 'tasks'),
    origin: { file },
    edges: edgesOf(definition, file),
    columns: [],
    executor: 'task',
    ...(timeoutSeconds === undefined ? {} : { timeoutSeconds }),
    ...(pool === undefined ? {} : { pool }),
    ...(effects === undefined ? {} : { effects }),
    ...(relation ? { relation } : {}),
    ...partitionsOf(definition),
    spec: {
      code: definition.run.toString(),
      before: [...(definition.before ?? [])],
      ...automationOf(definition),
    },
  };
}

/** As YAML files say it in `meta.millrace`; `node-automation.ts` reads and checks it. */
function automationOf({ automation, freshness }: CodeNode): JsonObject {
  if (automation === undefined && freshness === undefined) return {};
  const written = {
    ...(automation === undefined ? {} : { automation: automation as unknown as JsonValue }),
    ...(freshness === undefined ? {} : { freshness: { ...freshness } }),
  };
  return { millrace: written };
}

function edgesOf({ after = [], deps = [] }: CodeNode, file: string): readonly Edge[] {
  const origin = { file };
  return [
    ...after.map((from): Edge => ({ kind: 'after', from, origin })),
    ...deps.map((dep): Edge => {
      if (typeof dep === 'string') return { kind: 'reads', from: dep, origin };
      const { key: from, mapping } = dep;
      return { kind: 'reads', from, origin, ...(mapping ? { partitions: mapping } : {}) };
    }),
  ];
}

function partitionsOf({
  partitions,
  partitionsPerStep,
  sequential,
}: CodeNode): Pick<GraphNode, 'partitions'> {
  if (!partitions) return {};
  return {
    partitions: {
      dimensions: partitions.dimensions,
      ...(partitionsPerStep === undefined ? {} : { partitionsPerStep }),
      ...(sequential === undefined ? {} : { sequential }),
    },
  };
}

/** @throws ConfigError when a task names a pool that the project does not have */
export function checkPools(tasks: readonly Task[], pools: Readonly<Record<string, number>> = {}): void {
  for (const { definition, file } of tasks) {
    if (definition.pool === undefined || definition.pool in pools) continue;
    throw new ConfigError(`${keyOf(definition)} is in the pool '${definition.pool}', which does not exist`, {
      code: 'pool_missing',
      origin: { file },
      next: didYouMean(definition.pool, Object.keys(pools)) ?? 'Add it to pools in millrace.config.ts',
    });
  }
}

/** Runs the functions of `defineTask` and `defineAsset`. */
export function createTaskExecutor(
  tasks: readonly Task[],
  connections: ConnectionProvider,
  environment: Environment,
): Executor {
  const byKey = new Map(tasks.map(({ definition }) => [keyOf(definition), definition]));
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
        addPartitionKeys: async (set, keys) => (await context.addPartitionKeys?.(set, keys)) ?? 0,
        log: (message, level) => context.log(message, level),
        progress: (progress) => context.progress(progress),
        ...givenPartitions(definition, context.partitions),
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
        throw new ConfigError(`${keyOf(definition)} runs before '${name}', which does not exist`, {
          code: 'reference_missing',
          origin: { file },
          next: didYouMean(name, keys) ?? 'To see all keys, run: millrace plan',
        });
      }
      const edge: Edge = { kind: 'after', from: keyOf(definition), origin: { file } };
      added.set(key, [...(added.get(key) ?? []), edge]);
    }
  }
  return nodes.map((node) => {
    const edges = added.get(node.key);
    return edges ? { ...node, edges: [...node.edges, ...edges] } : node;
  });
}
