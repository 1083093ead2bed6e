import type { Executor, StepContext, StepOutcome } from '../core/executor.ts';
import { buildGraph } from '../core/graph.ts';
import type { Edge, GraphNode } from '../core/node.ts';
import type { ScheduleDefinition } from '../core/schedule.ts';
import type { Definitions } from './engine.ts';

export function asset(key: string, reads: readonly string[] = [], more: Partial<GraphNode> = {}): GraphNode {
  return {
    key,
    kind: 'asset',
    type: 'model',
    description: '',
    tags: [],
    group: '',
    origin: { file: `${key}.sql` },
    edges: reads.map((from): Edge => ({ kind: 'reads', from })),
    columns: [],
    executor: 'test',
    spec: {},
    ...more,
  };
}

/** An asset that others keep up to date. */
export function external(key: string, reads: readonly string[] = []): GraphNode {
  const { executor: _, ...node } = asset(key, reads);
  return node;
}

export function check(
  key: string,
  target: string,
  others: readonly string[] = [],
  severity: 'error' | 'warn' = 'error',
): GraphNode {
  return asset(key, [target, ...others], { kind: 'check', type: 'test', check: { asset: target, severity } });
}

export function definitionsOf(
  nodes: readonly GraphNode[],
  schedules: readonly ScheduleDefinition[] = [],
): Definitions {
  return { graph: buildGraph(nodes), manifestHash: 'h', schedules };
}

export type StepBody = (context: StepContext) => Promise<StepOutcome | undefined> | StepOutcome | undefined;

/** Runs the body named for the node's key, `*` for those that have none; without any it does nothing. */
export function testExecutor(bodies: Readonly<Record<string, StepBody>> = {}): Executor {
  return {
    name: 'test',
    execute: async (node, context) => {
      const body = bodies[node.key] ?? bodies['*'];
      return (await body?.(context)) ?? { metadata: {} };
    },
  };
}

/** Resolves when the step is told to stop. */
export function aborted(context: StepContext): Promise<void> {
  return new Promise((resolve) => {
    if (context.signal.aborted) resolve();
    context.signal.addEventListener('abort', () => resolve());
  });
}
