import { inspect } from 'node:util';
import type { Environment } from '../../config/environment.ts';
import type { ConnectionProvider } from '../../connector/connection.ts';
import { FatalError, MillraceError } from '../../core/errors.ts';
import type { Executor, StepContext, StepOutcome } from '../../core/executor.ts';
import type { FoundItem } from '../../core/fan-out.ts';
import type { JsonValue } from '../../core/json.ts';
import type { GraphNode } from '../../core/node.ts';
import type { Origin } from '../../core/origin.ts';
import {
  type AnyContext,
  type CheckResult,
  type CodeNode,
  nodeKeyOf,
  type TaskContext,
  type TaskResult,
} from '../code/code-definitions.ts';
import type { CodeElsewhere } from '../code/code-elsewhere.ts';
import type { TaskFacts } from '../code/task-facts.ts';
import type { ItemResult } from '../code/fan-out-definitions.ts';
import { givenPartitions } from '../code/given-partitions.ts';
import { executeIsolated, type Isolation } from './isolated-task.ts';
import type { PodWork } from './pod-message.ts';
import type { KubernetesDefinition } from '../settings/pod-settings.ts';
import { executeInPod } from './pod-task.ts';
import type { Task } from '../code/tasks.ts';

/** What a function may call. */
export type TaskServices = Pick<
  TaskContext,
  'connection' | 'environment' | 'signal' | 'addPartitionKeys' | 'log' | 'progress'
>;

/** Where code is, and what it can have only here. */
export interface CodeSurroundings {
  readonly folder: string;
  /** See `CodePlace`. */
  readonly lent: readonly string[];
  readonly kubernetes?: KubernetesDefinition | undefined;
  /** Calls the functions; they are called here where it is absent. */
  readonly code?: CodeElsewhere | undefined;
}

/** Runs the functions of `defineTask`, `defineAsset` and `defineCheck`, here or in processes of their own. */
export function createTaskExecutor(
  tasks: readonly Task[],
  connections: ConnectionProvider,
  environment: Environment,
  { folder, lent, kubernetes, code }: CodeSurroundings,
): Executor {
  const byKey = new Map(tasks.map((task) => [nodeKeyOf(task.definition), task]));
  return {
    name: 'task',
    execute: async (node, context) => {
      const task = byKey.get(node.key);
      if (!task)
        throw new FatalError(`${node.key} has no code`, { code: 'task_missing', origin: node.origin });
      const facts = await factsOf(task.definition, context);
      if (task.definition.isolation === 'kubernetes')
        return executeInPod(kubernetes, podWork(task, node, facts), node.timeoutSeconds, context);
      const isolation = isolationOf(task, node, { folder, lent });
      if (isolation) return executeIsolated(isolation, facts, environment, connections, context);
      if (code) {
        const called = { key: node.key, file: task.file };
        return code.execute(called, facts, { environment, connections, lent }, context);
      }
      return callTask(task.definition, node.origin, facts, {
        connection: connections,
        environment,
        signal: context.signal,
        addPartitionKeys: async (set, keys) => (await context.addPartitionKeys?.(set, keys)) ?? 0,
        log: (message, level) => context.log(message, level),
        progress: (progress) => context.progress(progress),
      });
    },
  };
}

function isolationOf(
  { definition, file }: Task,
  { key }: GraphNode,
  { folder, lent }: CodeSurroundings,
): Isolation | undefined {
  if (definition.isolation !== 'process') return undefined;
  return { key, file, projectFolder: folder, memoryMegabytes: definition.memoryMegabytes, lent };
}

function podWork({ definition, file }: Task, { key }: GraphNode, { batch, ...facts }: TaskFacts): PodWork {
  const values = batch && { text: batch.text, count: batch.count, values: [...batch.values()] };
  const { memoryMegabytes, run } = definition;
  return { key, file, code: run.toString(), memoryMegabytes, facts, batch: values };
}

async function factsOf(definition: CodeNode, context: StepContext): Promise<TaskFacts> {
  return {
    runId: context.runId,
    attempt: context.attempt,
    input: context.options.input,
    idempotencyKey: context.idempotencyKey,
    batch: context.partitions,
    item: context.item,
    results: definition.collect && (await resultsOf(nodeKeyOf(definition.collect), context)),
  };
}

async function resultsOf(
  of: string,
  context: StepContext,
): Promise<readonly ItemResult<JsonValue, JsonValue | undefined>[]> {
  const steps = (await context.upstream?.()) ?? [];
  return steps.flatMap(({ item, outcome }) =>
    item?.of === of ? [{ key: item.key, item: item.value, value: outcome?.value, rows: outcome?.rows }] : [],
  );
}

/** Calls the function and says what came of it. Throws what it throws if that has a kind, a `FatalError` otherwise. */
export async function callTask(
  definition: CodeNode,
  origin: Origin,
  { batch, item, results, ...facts }: TaskFacts,
  services: TaskServices,
): Promise<StepOutcome> {
  const context: AnyContext = {
    ...facts,
    ...services,
    ...givenPartitions(definition, batch),
    ...(item ? { item: item.value, itemKey: item.key } : {}),
    ...(results ? { results } : {}),
  };
  try {
    return outcomeOf(await definition.run(context));
  } catch (error) {
    throw taskFailure(error, origin);
  }
}

function outcomeOf(result: TaskResult | CheckResult | void): StepOutcome {
  if (!result) return { metadata: {} };
  if ('passed' in result) {
    const {
      passed,
      failures = passed ? 0 : 1,
      message = passed ? '' : 'did not pass',
      metadata = {},
    } = result;
    return { check: { passed, failures, message }, metadata };
  }
  const { rows, items, value, metadata = {} } = result;
  return {
    metadata,
    ...(rows === undefined ? {} : { rows }),
    ...(items === undefined ? {} : { items: items.map((found, index) => namedItem(found, index)) }),
    ...(value === undefined ? {} : { value }),
  };
}

/** A text or number is its own name; of an object it is its `key` or `name`; anything else goes by its place. */
function namedItem(value: JsonValue, index: number): FoundItem {
  if (typeof value === 'string' || typeof value === 'number') return { key: String(value), value };
  const { key, name } = (value ?? {}) as { readonly key?: unknown; readonly name?: unknown };
  const found = [key, name].find((text) => typeof text === 'string' || typeof text === 'number');
  return { key: String(found ?? index), value };
}

/** What a task throws keeps its kind if it has one; anything else gets its place and its causes. */
function taskFailure(error: unknown, origin: Origin): unknown {
  if (error instanceof MillraceError) return error;
  const messages: string[] = [];
  for (let cause = error; cause !== undefined && messages.length < 5;) {
    messages.push(cause instanceof Error ? cause.message : inspect(cause));
    cause = cause instanceof Error ? cause.cause : undefined;
  }
  return new FatalError(messages.join(': '), { code: 'task_failed', origin, cause: error });
}
