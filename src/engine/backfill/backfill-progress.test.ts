import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Backfill } from '../../core/backfill.ts';
import { buildGraph, type Graph } from '../../core/graph.ts';
import type { RunRecord } from '../../core/ledger.ts';
import type { GraphNode } from '../../core/node.ts';
import type { DimensionDefinition, PartitionMapping } from '../../core/partitions.ts';
import { worldAt } from '../partition/partition-world.ts';
import { makeSteps, type RunnableNode } from '../plan-steps.ts';
import { newBackfill, planBackfill } from './backfill-plan.ts';
import { nextRun, withEndedRun } from './backfill-progress.ts';

const world = worldAt(Date.UTC(2024, 1, 20));
const history = { completions: new Map(), states: new Map() };

function node(key: string, reads: readonly string[], more: Partial<GraphNode>): GraphNode {
  return {
    key,
    kind: 'asset',
    type: 'code',
    description: '',
    tags: [],
    group: '',
    origin: { file: 'a.ts' },
    edges: reads.map((from) => ({ kind: 'reads', from })),
    columns: [],
    executor: 'test',
    spec: {},
    ...more,
  };
}

const day: DimensionDefinition = {
  kind: 'time',
  name: 'time',
  every: 'day',
  zone: 'UTC',
  start: '2024-01-01',
};
const shapes: readonly (readonly DimensionDefinition[] | undefined)[] = [
  [day],
  [{ ...day, every: 'week' }],
  [day, { kind: 'static', name: 'key', keys: ['us', 'eu'] }],
  [{ kind: 'static', name: 'key', keys: ['us', 'eu', 'ca'] }],
  undefined,
];
const lag: PartitionMapping = {
  kind: 'dimensions',
  by: { time: { kind: 'window', from: 'time', startOffset: -2, endOffset: -1 } },
};

const graphs: fc.Arbitrary<Graph> = fc
  .array(
    fc.record({
      shape: fc.constantFrom(...shapes),
      reads: fc.array(fc.nat(5), { maxLength: 2 }),
      isLagged: fc.boolean(),
      size: fc.constantFrom<number | 'all'>(1, 1, 4, 'all'),
    }),
    { minLength: 1, maxLength: 5 },
  )
  .map((found) => {
    const nodes = found.map(({ shape, reads, isLagged, size }, index) => {
      const before = [...new Set(reads.filter((from) => from < index))];
      const edges = before.map((from) => {
        const haveTime = shape?.[0]?.kind === 'time' && found[from]?.shape?.[0]?.kind === 'time';
        const mapping = isLagged && haveTime ? { partitions: lag } : {};
        return { kind: 'reads' as const, from: `n${from}`, ...mapping };
      });
      const partitions = shape ? { partitions: { dimensions: shape, partitionsPerStep: size } } : {};
      // What has no time of its own is about what is read.
      const first = shape?.[0]?.kind === 'time' ? [] : [{ kind: 'reads' as const, from: 'n_first' }];
      return node(`n${index}`, [], { edges: [...edges, ...first], ...partitions });
    });
    return buildGraph([node('n_first', [], { partitions: { dimensions: [day] } }), ...nodes]);
  });

/** Executes a backfill's runs as the engine does; steps of `failing` fail. */
function execute(graph: Graph, start: Backfill, failing: (key: string) => boolean): readonly Run[] {
  const runs: Run[] = [];
  let backfill = start;
  for (;;) {
    const next = nextRun(backfill, graph, world);
    backfill = { ...backfill, requested: next.requested, unmade: next.unmade };
    if (next.nodes.length === 0) return [...runs, { steps: new Map(), backfill }];
    const nodes = graph.nodes.filter(({ key }) => next.nodes.includes(key)) as readonly RunnableNode[];
    const inRun = new Set(next.nodes);
    const dependencies = new Map(
      nodes.map(({ key, edges }) => [
        key,
        new Set(edges.map(({ from }) => from).filter((from) => inRun.has(from))),
      ]),
    );
    const steps = makeSteps(nodes, dependencies, next.targets);
    const states = new Map<string, 'succeeded' | 'failed' | 'skipped'>();
    for (const { key, dependsOn } of steps) {
      const isHeldUp = dependsOn.some((from) => states.get(from) !== 'succeeded');
      states.set(key, isHeldUp ? 'skipped' : failing(key) ? 'failed' : 'succeeded');
    }
    runs.push({ steps: states, backfill });
    const record = { steps: steps.map((step) => ({ ...step, state: states.get(step.key) })) };
    backfill = withEndedRun(backfill, record as unknown as RunRecord, graph, world);
    if (runs.length > 500) throw new Error('it does not end');
  }
}

interface Run {
  readonly steps: ReadonlyMap<string, string>;
  readonly backfill: Backfill;
}

function begin(graph: Graph, stepsPerRun: number): Backfill {
  const request = { select: '', partitions: '2024-01-05..2024-02-01', stepsPerRun };
  return newBackfill('b', planBackfill(graph, request, world, history), request, 0);
}

/** What one run of everything would do: each step with what it waits for. */
function wholePlan(graph: Graph, start: Backfill): ReadonlyMap<string, readonly string[]> {
  const { targets } = nextRun({ ...start, stepsPerRun: Number.MAX_SAFE_INTEGER }, graph, world);
  const nodes = graph.nodes.filter(({ key }) => start.targets[key]) as readonly RunnableNode[];
  const keys = new Set(nodes.map(({ key }) => key));
  const dependencies = new Map(
    nodes.map(({ key, edges }) => [
      key,
      new Set(edges.map(({ from }) => from).filter((from) => keys.has(from))),
    ]),
  );
  return new Map(makeSteps(nodes, dependencies, targets).map(({ key, dependsOn }) => [key, dependsOn]));
}

describe('a backfill in runs', () => {
  it('makes everything once, never a partition before what it reads', () => {
    fc.assert(
      fc.property(graphs, fc.integer({ min: 1, max: 30 }), (graph, stepsPerRun) => {
        const single = graph.nodes.every(({ partitions }) => (partitions?.partitionsPerStep ?? 1) === 1);
        const start = begin(graph, stepsPerRun);
        const runs = execute(graph, start, () => false);
        expect(runs.at(-1)?.backfill.requested).toEqual(start.targets);
        expect(runs.at(-1)?.backfill.unmade).toEqual({});
        if (!single) return;
        const all = runs.flatMap(({ steps }) => [...steps.keys()]);
        const expected = wholePlan(graph, start);
        expect(all.toSorted()).toEqual([...expected.keys()].sort());
        const runOf = new Map(
          runs.flatMap(({ steps }, index) => [...steps.keys()].map((key) => [key, index] as const)),
        );
        for (const [key, dependsOn] of expected) {
          for (const from of dependsOn) expect(runOf.get(from) ?? 0).toBeLessThanOrEqual(runOf.get(key) ?? 0);
        }
        for (const { steps } of runs)
          expect(steps.size).toBeLessThanOrEqual(stepsPerRun + graph.nodes.length);
      }),
      { numRuns: 150 },
    );
  });

  it('makes what a run of everything would make when some of it fails', () => {
    const single = graphs.filter((graph) =>
      graph.nodes.every(({ partitions }) => (partitions?.partitionsPerStep ?? 1) === 1),
    );
    fc.assert(
      fc.property(single, fc.integer({ min: 1, max: 30 }), fc.nat(6), (graph, stepsPerRun, remainder) => {
        const failing = (key: string): boolean =>
          Array.from(key, (letter) => letter.charCodeAt(0)).reduce((sum, code) => sum + code, 0) % 7 ===
          remainder;
        const start = begin(graph, stepsPerRun);
        const made = execute(graph, start, failing).flatMap(({ steps }) =>
          [...steps].flatMap(([key, state]) => (state === 'succeeded' ? [key] : [])),
        );
        const states = new Map<string, boolean>();
        for (const [key, dependsOn] of wholePlan(graph, start)) {
          states.set(key, !failing(key) && dependsOn.every((from) => states.get(from)));
        }
        expect(made.toSorted()).toEqual([...states].flatMap(([key, isMade]) => (isMade ? [key] : [])).sort());
      }),
      { numRuns: 150 },
    );
  });

  it('does not go on when the project no longer has its partitions', () => {
    const of = (...dimensions: readonly DimensionDefinition[]): Graph =>
      buildGraph([node('a', [], dimensions.length === 0 ? {} : { partitions: { dimensions } })]);
    const start = begin(of(day), 10);
    const outdated = expect.objectContaining({ code: 'backfill_outdated' }) as Error;
    for (const graph of [of(), of({ ...day, zone: 'Europe/Berlin' }), buildGraph([node('b', [], {})])]) {
      expect(() => nextRun(start, graph, world)).toThrow(outdated);
    }
    expect(nextRun(start, of({ ...day, start: '2023-01-01' }), world).nodes).toEqual(['a']);
    expect(nextRun(start, of(day), worldAt(Date.UTC(2024, 0, 31))).nodes).toEqual(['a']);
  });

  it('leaves out what does something to the world, unless it is asked for', () => {
    const partitions = { dimensions: [day] };
    const graph = buildGraph([
      node('a', [], { partitions }),
      node('send', ['a'], { partitions, kind: 'task', effects: 'external' }),
    ]);
    const request = { select: '', partitions: '2024-01' };
    const without = planBackfill(graph, request, world, history);
    expect(without).toMatchObject({ partitionCount: 31, leftOut: ['send'] });
    const all = planBackfill(graph, { ...request, includeEffects: true }, world, history);
    expect(all).toMatchObject({ partitionCount: 62, leftOut: [], runCount: 1 });
  });

  it('is about what is missing only when that is asked for, and costs what it cost before', () => {
    const graph = buildGraph([node('a', [], { partitions: { dimensions: [day] } })]);
    const completion = (durationMs: number) => ({
      key: 'a',
      runId: 'r',
      finishedAtMs: 0,
      durationMs,
      metadata: {},
    });
    const known = {
      completions: new Map([['a', [completion(1000), completion(9000), completion(2000)]]]),
      states: new Map([['a', [{ slice: 'day UTC', from: 19723, to: 19733, state: 'succeeded' } as const]]]),
    };
    const request = { select: 'a', partitions: '2024-01', onlyMissing: true };
    expect(planBackfill(graph, request, world, known)).toMatchObject({
      stepCount: 21,
      expectedSeconds: 42,
      nodes: [{ key: 'a', partitions: '2024-01-11..2024-01-31', stepSeconds: 2 }],
    });
    const done = {
      ...known,
      states: new Map([['a', [{ slice: 'day UTC', from: 0, to: 30_000, state: 'succeeded' } as const]]]),
    };
    expect(() => planBackfill(graph, request, world, done)).toThrow(
      expect.objectContaining({ code: 'backfill_empty' }) as Error,
    );
  });
});
