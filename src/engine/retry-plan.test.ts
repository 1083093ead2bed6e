import { expect, it } from 'vitest';
import { buildGraph, type Graph } from '../core/graph.ts';
import type { RunRecord, StepRecord } from '../core/ledger.ts';
import type { GraphNode } from '../core/node.ts';
import type { Plan } from '../core/plan.ts';
import { makePlan } from './planner.ts';
import { asset, check } from './project.fixture.ts';
import { worldAt } from './partition/partition-world.ts';
import { makeRetryPlan } from './retry-plan.ts';

const world = worldAt(Date.UTC(2026, 0, 10));
const daily = {
  dimensions: [{ kind: 'time', name: 'day', every: 'day', zone: 'UTC', start: '2026-01-01' }],
} as const;

function ended(
  graph: Graph,
  states: Readonly<Record<string, StepRecord['state']>>,
  more: Partial<Plan> = {},
) {
  const plan = {
    ...makePlan(graph, {
      manifestHash: 'old',
      world,
      ...(more.options?.partitions === undefined ? {} : { partitions: more.options.partitions }),
    }),
    ...more,
  };
  const steps = plan.steps.map(({ key, node, kind, type, partitions }): StepRecord => ({
    key,
    ...(node === undefined ? {} : { node }),
    ...(partitions === undefined ? {} : { partitions }),
    kind,
    type,
    state: states[key] ?? 'succeeded',
    attempt: 1,
  }));
  const stepCounts = {} as RunRecord['stepCounts'];
  return {
    id: 'r',
    state: 'failed',
    selection: '',
    trigger: { kind: 'code' },
    createdAtMs: 1,
    stepCounts,
    plan,
    steps,
  } as RunRecord;
}

function retry(graph: Graph, run: RunRecord): Plan {
  return makeRetryPlan({ graph, manifestHash: 'new', world }, run);
}

const chain: readonly GraphNode[] = [
  asset('a'),
  asset('b', ['a']),
  check('check/b', 'b'),
  asset('c', ['b']),
  asset('d'),
];

it('holds what failed, was skipped or cancelled, in order, with the options of the run', () => {
  const graph = buildGraph(chain);
  const options = { fullRefresh: true, rowLimit: 3, input: { batch: 7 } };
  const run = ended(graph, { b: 'failed', 'check/b': 'skipped', c: 'cancelled' }, { options });
  expect(retry(graph, run)).toMatchObject({
    selection: 'b check/b c',
    manifestHash: 'new',
    options,
    steps: [
      { key: 'b', dependsOn: [] },
      { key: 'check/b', dependsOn: ['b'] },
      { key: 'c', dependsOn: ['b', 'check/b'] },
    ],
  });
});

it('is about the partitions that were left undone', () => {
  const graph = buildGraph([
    { ...asset('a'), partitions: daily },
    { ...asset('b', ['a']), partitions: daily },
  ]);
  const all = ended(graph, {}, { options: { fullRefresh: false, partitions: '2026-01-02..2026-01-04' } });
  const [first, second, third] = all.steps;
  const steps = all.steps.map((step) =>
    step === second || step === third ? { ...step, state: 'failed' as const } : step,
  );
  const plan = retry(graph, { ...all, steps });
  expect(first?.partitions?.text).toBeDefined();
  expect(plan.steps.map(({ key }) => key)).toEqual([second?.key, third?.key]);
  expect(plan.steps.map(({ partitions }) => partitions?.text)).toEqual([
    second?.partitions?.text,
    third?.partitions?.text,
  ]);
});

it('is refused for a run that goes on, one that is complete, and one of nodes that are gone', () => {
  const graph = buildGraph(chain);
  const run = ended(graph, { b: 'failed' });
  expect(() => retry(graph, { ...run, state: 'running' })).toThrow('run r is running');
  expect(() => retry(graph, ended(graph, {}))).toThrow('run r has done everything');
  expect(() => retry(buildGraph([asset('a')]), run)).toThrow('the project does not define b');
});
