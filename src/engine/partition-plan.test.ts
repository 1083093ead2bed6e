import { describe, expect, it } from 'vitest';
import { buildGraph } from '../core/graph.ts';
import type { GraphNode } from '../core/node.ts';
import type { Plan } from '../core/plan.ts';
import { checkNodePartitions } from './partition/partition-targets.ts';
import { worldAt } from './partition/partition-world.ts';
import { keys, partitioned, windows } from './partition.fixture.ts';
import { makePlan } from './planner.ts';
import { asset, check, external } from './project.fixture.ts';

const world = worldAt(Date.UTC(2024, 2, 1), new Map([['customers', ['acme', 'zeta']]]));

function plan(nodes: readonly GraphNode[], partitions?: string, select = ''): Plan {
  return makePlan(buildGraph(nodes), { manifestHash: 'h', select, partitions, world });
}

function dependencies({ steps }: Plan): Readonly<Record<string, readonly string[]>> {
  return Object.fromEntries(steps.map(({ key, dependsOn }) => [key, dependsOn]));
}

describe('a plan about partitions', () => {
  it('has a step for each, which waits for what its partition reads', () => {
    const nodes = [partitioned('a', [], [windows()]), partitioned('b', ['a'], [windows('month')])];
    expect(dependencies(plan(nodes, '2024-01-30..2024-02-01'))).toEqual({
      'a@2024-01-30': [],
      'a@2024-01-31': [],
      'a@2024-02-01': [],
      'b@2024-01': ['a@2024-01-30', 'a@2024-01-31'],
      'b@2024-02': ['a@2024-02-01'],
    });
  });

  it('names the node, the partitions and a lock of each step', () => {
    const [step] = plan([partitioned('a', [], [windows(), keys('us', 'eu')])], '2024-01-30|eu').steps;
    expect(step).toMatchObject({
      key: 'a@2024-01-30|eu',
      node: 'a',
      partitions: {
        text: '2024-01-30|eu',
        count: 1,
        ranges: [{ slice: 'day UTC|eu', from: 19752, to: 19753 }],
      },
      locks: ['a@day UTC|eu#19752-19753'],
    });
  });

  it('without a name is about the newest window that is over, with every other key', () => {
    const nodes = [
      partitioned('a', [], [windows(), keys('us', 'eu')]),
      partitioned('b', [], [keys('x', 'y')]),
    ];
    expect(plan(nodes).steps.map(({ key }) => key)).toEqual([
      'a@2024-02-29|us',
      'a@2024-02-29|eu',
      'b@x',
      'b@y',
    ]);
  });

  it('puts several into one step when the node says so', () => {
    const of = (partitionsPerStep: number | 'all'): readonly string[] =>
      plan(
        [partitioned('a', [], [windows(), keys('us', 'eu')], { partitionsPerStep })],
        '2024-01-01..2024-01-05',
      ).steps.map(({ key }) => key);
    expect(of('all')).toEqual(['a@2024-01-01..2024-01-05|us..eu']);
    expect(of(3)).toEqual([
      'a@2024-01-01..2024-01-03|us',
      'a@2024-01-01..2024-01-03|eu',
      'a@2024-01-04..2024-01-05|us',
      'a@2024-01-04..2024-01-05|eu',
    ]);
  });

  it('lets what has no partitions wait for all, and all for it', () => {
    const nodes = [
      asset('first'),
      partitioned('a', ['first'], [windows()]),
      check('check/a', 'a'),
      partitioned('b', ['a'], [windows()]),
      asset('last', ['b']),
    ];
    expect(dependencies(plan(nodes, '2024-01-01..2024-01-02'))).toEqual({
      first: [],
      'a@2024-01-01': ['first'],
      'a@2024-01-02': ['first'],
      'check/a': ['a@2024-01-01', 'a@2024-01-02'],
      'b@2024-01-01': ['a@2024-01-01', 'check/a'],
      'b@2024-01-02': ['a@2024-01-02', 'check/a'],
      last: ['b@2024-01-01', 'b@2024-01-02'],
    });
  });

  it('waits for everything of a node when another one, which is not run, is in between', () => {
    const nodes = [
      partitioned('a', [], [windows()]),
      external('between', ['a']),
      partitioned('b', ['between'], [windows()]),
    ];
    expect(dependencies(plan(nodes, '2024-01-01..2024-01-02'))['b@2024-01-01']).toEqual([
      'a@2024-01-01',
      'a@2024-01-02',
    ]);
  });

  it('makes the partitions of a node that reads its own in order', () => {
    const nodes = [partitioned('a', [], [windows(), keys('us', 'eu')], { sequential: true })];
    expect(dependencies(plan(nodes, '2024-01-01..2024-01-02'))).toEqual({
      'a@2024-01-01|us': [],
      'a@2024-01-01|eu': [],
      'a@2024-01-02|us': ['a@2024-01-01|us'],
      'a@2024-01-02|eu': ['a@2024-01-01|eu'],
    });
  });

  it('gives a node whose partitions the text does not name those that read what it names', () => {
    const nodes = [
      partitioned('a', [], [windows(), keys('us', 'eu')]),
      partitioned('b', ['a'], [keys('us', 'eu')]),
    ];
    expect(plan(nodes, '2024-01-05|eu').steps.map(({ key }) => key)).toEqual(['a@2024-01-05|eu', 'b@eu']);
  });

  it('knows the keys of dynamic dimensions', () => {
    const dynamic = { kind: 'dynamic', name: 'customer', set: 'customers' } as const;
    expect(plan([partitioned('a', [], [dynamic])]).steps.map(({ key }) => key)).toEqual(['a@acme', 'a@zeta']);
  });

  it('leaves out what has no partitions yet, as long as there is something else', () => {
    const later = { ...windows(), start: '2025-01-01' } as ReturnType<typeof windows>;
    const nodes = [asset('a'), partitioned('b', ['a'], [later]), asset('c', ['b'])];
    expect(dependencies(plan(nodes))).toEqual({ a: [], c: [] });
    expect(() => plan([partitioned('b', [], [later])])).toThrow(
      expect.objectContaining({ code: 'partition_none' }) as Error,
    );
  });

  it.each([
    ['2023', 'partition_none'],
    ['2030-01-01', 'partition_none'],
    ['never', 'partition_unknown'],
  ])('cannot be made of %s', (text, code) => {
    const found = expect.objectContaining({ code }) as Error;
    expect(() => plan([partitioned('a', [], [windows()])], text)).toThrow(found);
  });

  it('is refused when it has too many steps, or nothing has partitions', () => {
    const code = (expected: string): Error => expect.objectContaining({ code: expected }) as Error;
    expect(() => plan([partitioned('a', [], [windows('hour'), keys('x', 'y')])], '*')).toThrow(
      code('partitions_too_many'),
    );
    expect(() => plan([asset('a')], '2024-01-01')).toThrow(code('partitions_missing'));
  });

  it('is found impossible with the project when a mapping or dimension is wrong', () => {
    const mapping = { kind: 'dimensions', by: { nowhere: { kind: 'all' } } } as const;
    const nodes = (edge: object, ...dimensions: ReturnType<typeof windows>[]): readonly GraphNode[] => [
      partitioned('a', [], [windows()]),
      partitioned('b', [], dimensions, { edges: [{ kind: 'reads', from: 'a', ...edge }] }),
    ];
    const wrong = (list: readonly GraphNode[]) => (): void => checkNodePartitions(buildGraph(list), world);
    const code = (expected: string): Error => expect.objectContaining({ code: expected }) as Error;
    expect(wrong(nodes({ partitions: mapping }, windows()))).toThrow(code('partition_mapping_invalid'));
    expect(wrong(nodes({}, { ...windows(), start: 'soon' } as ReturnType<typeof windows>))).toThrow(
      code('partition_start_invalid'),
    );
    expect(wrong(nodes({}, windows()))).not.toThrow();
  });
});
