import { join } from 'node:path';
import { ConfigError } from '../../core/errors.ts';
import type { JsonObject, JsonValue } from '../../core/json.ts';
import { didYouMean } from '../../core/near-name.ts';
import { defaultRetryPolicy, type Edge, type GraphNode, isNodeKey } from '../../core/node.ts';
import { type CodeNode, isCodeNode, kindOfCode, nodeKeyOf } from './code-definitions.ts';
import type { ProjectDefinition } from '../settings/definitions.ts';
import { filesBelow } from '../settings/project-files.ts';
import { importUserModule } from '../settings/user-modules.ts';

/** A task, check or asset of code. */
export interface Task {
  readonly definition: CodeNode;
  /** Path relative to the project's folder. */
  readonly file: string;
}

/** Every `defineTask`, `defineAsset` and `defineCheck` that a file under `assets/` exports, in order of files. */
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
      requirePositive(definition, 'timeoutSeconds', file);
      requirePositive(definition, 'memoryMegabytes', file);
      requirePositive(definition, 'itemsAtOnce', file);
      requireKnownParts(definition, file);
      tasks.push({ definition, file });
    }
  }
  return tasks;
}

function requirePositive(
  definition: CodeNode,
  name: 'timeoutSeconds' | 'memoryMegabytes' | 'itemsAtOnce',
  file: string,
): void {
  const value = definition[name];
  if (value === undefined || value > 0) return;
  throw new ConfigError(`${nodeKeyOf(definition)} has ${name}: ${value}, which must be more than 0`, {
    code: 'task_limit_invalid',
    origin: { file },
  });
}

/** What types would have refused. */
function requireKnownParts(definition: CodeNode, file: string): void {
  const { forEach, collect, partitions, isolation, memoryMegabytes } = definition;
  const key = nodeKeyOf(definition);
  const refuse = (message: string, next: string): never => {
    throw new ConfigError(`${key} ${message}`, { code: 'definition_invalid', origin: { file }, next });
  };
  if (forEach && (partitions ?? collect ?? (forEach as Partial<CodeNode>).forEach))
    refuse(
      'is made for each item, and has partitions, collects, or its items come from such a one',
      'Let a task in between find the items.',
    );
  if (forEach && (forEach as Partial<CodeNode>).partitions)
    refuse(
      `is made for each item of ${forEach.key}, which has partitions`,
      `Let ${forEach.key} find the items of all at once, or add them as keys of a list: dynamicPartitions and addPartitionKeys.`,
    );
  if (collect && !collect.forEach)
    refuse(`collects ${collect.key}, which is not made for each item of another`, 'Name one with forEach.');
  if (isolation !== undefined && isolation !== 'process' && isolation !== 'kubernetes')
    refuse(
      `has isolation: '${String(isolation)}'`,
      "Write isolation: 'process' or 'kubernetes', or leave it out.",
    );
  if (memoryMegabytes !== undefined && isolation === undefined)
    refuse('has memoryMegabytes, which only a process of its own can keep', "Add isolation: 'process'.");
}

export function taskNode({ definition, file }: Task): GraphNode {
  const { timeoutSeconds, pool, runsOn, effects, relation, forEach, itemsAtOnce, collect, retry } =
    definition;
  const kind = kindOfCode(definition);
  return {
    key: nodeKeyOf(definition),
    kind,
    type: { asset: 'function', task: 'task', check: 'test' }[kind],
    description: definition.description ?? '',
    tags: definition.tags ?? [],
    group: definition.group ?? `${kind}s`,
    origin: { file },
    edges: edgesOf(definition, file),
    columns: [],
    executor: 'task',
    ...(timeoutSeconds === undefined ? {} : { timeoutSeconds }),
    ...(pool === undefined ? {} : { pool }),
    ...(runsOn === undefined ? {} : { runsOn }),
    ...(effects === undefined ? {} : { effects }),
    ...(relation ? { relation } : {}),
    ...(retry ? { retry: { ...defaultRetryPolicy, ...retry } } : {}),
    ...(forEach ? { forEach: nodeKeyOf(forEach) } : {}),
    ...(collect ? { collect: nodeKeyOf(collect) } : {}),
    ...(itemsAtOnce === undefined ? {} : { itemsAtOnce }),
    ...checkOf(definition),
    ...partitionsOf(definition),
    spec: {
      code: definition.run.toString(),
      before: [...(definition.before ?? [])],
      ...isolationOf(definition),
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

function isolationOf({ isolation, memoryMegabytes }: CodeNode): JsonObject {
  if (isolation === undefined) return {};
  return { isolation, ...(memoryMegabytes === undefined ? {} : { memoryMegabytes }) };
}

function checkOf({ asset, severity = 'error' }: CodeNode): Pick<GraphNode, 'check'> {
  return asset === undefined ? {} : { check: { asset: referenceTo(asset), severity } };
}

function referenceTo(upstream: string | { readonly key: string }): string {
  return typeof upstream === 'string' ? upstream : nodeKeyOf(upstream);
}

function edgesOf(definition: CodeNode, file: string): readonly Edge[] {
  const { after = [], deps = [], asset, forEach, collect } = definition;
  const origin = { file };
  const read = [asset, forEach, collect].filter((upstream) => upstream !== undefined);
  return [
    ...after.map((from): Edge => ({ kind: 'after', from: referenceTo(from), origin })),
    ...read.map((from): Edge => ({ kind: 'reads', from: referenceTo(from), origin })),
    ...deps.map((dep): Edge => {
      const mapping = typeof dep === 'string' ? undefined : dep.mapping;
      return { kind: 'reads', from: referenceTo(dep), origin, ...(mapping ? { partitions: mapping } : {}) };
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
export function checkPools(
  tasks: readonly Task[],
  pools: NonNullable<ProjectDefinition['pools']> = {},
): void {
  for (const { definition, file } of tasks) {
    if (definition.pool === undefined || definition.pool in pools) continue;
    throw new ConfigError(
      `${nodeKeyOf(definition)} is in the pool '${definition.pool}', which does not exist`,
      {
        code: 'pool_missing',
        origin: { file },
        next: didYouMean(definition.pool, Object.keys(pools)) ?? 'Add it to pools in millrace.config.ts',
      },
    );
  }
}

/** Lets what a task names in `before` run after it. Names are keys of nodes; a wrong one is an error. */
export function orderAroundTasks(nodes: readonly GraphNode[], tasks: readonly Task[]): readonly GraphNode[] {
  const keys = nodes.map((node) => node.key);
  const added = new Map<string, Edge[]>();
  for (const { definition, file } of tasks) {
    for (const name of definition.before ?? []) {
      const key = keys.find((candidate) => candidate === name || candidate.endsWith(`/${name}`));
      if (key === undefined) {
        throw new ConfigError(`${nodeKeyOf(definition)} runs before '${name}', which does not exist`, {
          code: 'reference_missing',
          origin: { file },
          next: didYouMean(name, keys) ?? 'To see all keys, run: millrace plan',
        });
      }
      const edge: Edge = { kind: 'after', from: nodeKeyOf(definition), origin: { file } };
      added.set(key, [...(added.get(key) ?? []), edge]);
    }
  }
  return nodes.map((node) => {
    const edges = added.get(node.key);
    return edges ? { ...node, edges: [...node.edges, ...edges] } : node;
  });
}
