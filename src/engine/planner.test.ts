import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { buildGraph } from '../core/graph.ts';
import type { GraphNode } from '../core/node.ts';
import type { Plan } from '../core/plan.ts';
import { makePlan } from './planner.ts';
import { asset, check, external } from './project.fixture.ts';

function plan(nodes: readonly GraphNode[], select = '', exclude = ''): Plan {
  return makePlan(buildGraph(nodes), { select, exclude, manifestHash: 'h' });
}

function dependencies(made: Plan): Readonly<Record<string, readonly string[]>> {
  return Object.fromEntries(made.steps.map((step) => [step.key, step.dependsOn]));
}

describe('a plan', () => {
  it('is frozen data in an order that may be followed', () => {
    const made = plan([asset('b', ['a']), asset('a')]);
    expect(made).toEqual({
      selection: '',
      manifestHash: 'h',
      options: { fullRefresh: false },
      steps: [
        expect.objectContaining({ key: 'a', dependsOn: [], locks: ['a'] }),
        expect.objectContaining({
          key: 'b',
          dependsOn: ['a'],
          locks: ['b'],
          retry: { maxAttempts: 3, delaySeconds: 1, maxDelaySeconds: 30 },
        }),
      ],
    });
    expect(Object.isFrozen(made.steps[0]?.dependsOn)).toBe(true);
  });

  it('passes through nodes that nobody executes and nodes outside the selection', () => {
    const nodes = [asset('a'), external('b', ['a']), asset('c', ['b']), asset('d', ['c']), asset('e', ['d'])];
    expect(dependencies(plan(nodes))).toMatchObject({ c: ['a'] });
    expect(dependencies(plan(nodes, 'a c e'))).toEqual({ a: [], c: ['a'], e: ['c'] });
  });

  it('lets a check of several assets stop only what is downstream of all of them, where it says so', () => {
    const two = check('check/ab', 'a', ['b']);
    const nodes = [
      asset('a'),
      asset('b'),
      asset('of-a', ['a']),
      external('outside', ['of-a']),
      asset('of-both', ['outside', 'b']),
      asset('later', ['of-both']),
    ];
    expect(dependencies(plan([...nodes, two]))).toMatchObject({ 'of-a': ['a', 'check/ab'] });
    const common = { ...two, check: { asset: 'a', severity: 'error', stopsOnlyCommon: true } } as const;
    expect(dependencies(plan([...nodes, common]))).toMatchObject({
      'check/ab': ['a', 'b'],
      'of-a': ['a'],
      'of-both': ['b', 'check/ab', 'of-a'],
      later: ['of-both'],
    });
  });

  it('locks what is written: not checks and reports', () => {
    const nodes = [asset('a'), check('check/a', 'a'), asset('report/r', ['a'], { kind: 'report' })];
    const locks = Object.fromEntries(plan(nodes).steps.map((step) => [step.key, step.locks]));
    expect(locks).toEqual({ a: ['a'], 'check/a': [], 'report/r': [] });
  });

  it('says in one expression what was selected', () => {
    const nodes = [asset('a', [], { tags: ['x'] }), asset('b', [], { tags: ['x'] })];
    const made = plan(nodes, 'tag:x', 'b');
    expect(made.selection).toBe('(tag:x),not (b)');
    expect(plan(nodes, made.selection).steps.map((step) => step.key)).toEqual(['a']);
  });

  it('refuses a selection in which nothing can be run', () => {
    expect(() => plan([external('a')], 'a')).toThrow(
      expect.objectContaining({
        code: 'plan_empty',
        message: expect.stringContaining('others keep up to date: a'),
      }),
    );
    expect(() => plan([])).toThrow('The project has nothing to run');
  });
});

describe('checks', () => {
  it('with severity error come before what reads their asset, others do not', () => {
    const nodes = [
      asset('a'),
      check('check/strict', 'a'),
      check('check/lax', 'a', [], 'warn'),
      asset('b', ['a']),
      asset('task/t', [], { kind: 'task', edges: [{ kind: 'after', from: 'a' }] }),
    ];
    expect(dependencies(plan(nodes))).toEqual({
      a: [],
      'check/strict': ['a'],
      'check/lax': ['a'],
      b: ['a', 'check/strict'],
      'task/t': ['a', 'check/strict'],
    });
  });

  it('do not hold up each other', () => {
    const nodes = [asset('a'), asset('b'), check('check/a', 'a'), check('check/b', 'b', ['a'])];
    expect(dependencies(plan(nodes))).toMatchObject({ 'check/a': ['a'], 'check/b': ['a', 'b'] });
  });

  it('of what is not built hold up nobody who reads it', () => {
    const nodes = [asset('b', ['check/first']), check('check/first', 'a'), check('check/b', 'b')];
    expect(dependencies(plan([asset('a'), ...nodes], 'check/first check/b'))).toEqual({
      'check/first': [],
      'check/b': [],
    });
  });

  it('do not hold up what they need themselves', () => {
    const nodes = [asset('a'), asset('b', ['a']), asset('c', ['a']), check('check/rel', 'a', ['b'])];
    expect(dependencies(plan(nodes))).toEqual({
      a: [],
      b: ['a'],
      'check/rel': ['a', 'b'],
      c: ['a', 'check/rel'],
    });
  });

  it("of two assets that need each other's readers make no circle", () => {
    const nodes = [
      asset('a'),
      asset('p'),
      asset('b'),
      asset('z', ['a']),
      asset('q', ['b']),
      check('check/1', 'a', ['q']),
      check('check/2', 'b', ['z']),
    ];
    expect(dependencies(plan(nodes))).toMatchObject({ z: ['a'], q: ['b', 'check/2'] });
  });

  it('of an asset that nobody executes hold up its readers', () => {
    const nodes = [
      external('source'),
      check('check/source', 'source'),
      external('view', ['source']),
      asset('b', ['view']),
    ];
    expect(dependencies(plan(nodes))).toMatchObject({ b: ['check/source'] });
  });
});

const randomGraph = fc
  .array(
    fc.record({
      reads: fc.array(fc.nat(), { maxLength: 3 }),
      isExternal: fc.boolean(),
      isCheck: fc.boolean(),
      isSelected: fc.boolean(),
    }),
    { minLength: 1, maxLength: 25 },
  )
  .map((entries) =>
    entries.map((entry, index): GraphNode => {
      const key = `${entry.isCheck ? 'check/' : ''}n${index}`;
      const below = entries.slice(0, index).flatMap((other, at) => (other.isCheck ? [] : [`n${at}`]));
      const reads =
        below.length === 0 ? [] : [...new Set(entry.reads.map((at) => below[at % below.length] ?? ''))];
      const tags = entry.isSelected ? ['chosen'] : [];
      const [target] = reads;
      if (entry.isCheck && target !== undefined) return { ...check(key, target, reads.slice(1)), tags };
      if (entry.isExternal) return { ...external(key, reads), tags };
      return asset(key, reads, { tags });
    }),
  );

describe('any plan', () => {
  it('has each step after all it depends on, and depends only on steps', () => {
    fc.assert(
      fc.property(randomGraph, fc.boolean(), (nodes, isPart) => {
        const runnable = nodes.filter((node) => node.executor && (!isPart || node.tags.length > 0));
        fc.pre(runnable.length > 0);
        const made = plan(nodes, isPart ? 'tag:chosen' : '');
        const done = new Set<string>();
        for (const step of made.steps) {
          for (const key of step.dependsOn) expect(done).toContain(key);
          done.add(step.key);
        }
        for (const node of runnable) expect(done).toContain(node.key);
      }),
      { numRuns: 300 },
    );
  });

  it('lets a blocked reader run only after the check, unless the check needs the reader', () => {
    fc.assert(
      fc.property(randomGraph, (nodes) => {
        fc.pre(nodes.some((node) => node.executor));
        const made = plan(nodes);
        const needs = new Map(made.steps.map((step) => [step.key, step.dependsOn]));
        for (const step of made.steps) {
          if (!step.check) continue;
          const readers = made.steps.filter(
            (other) =>
              other.kind !== 'check' &&
              nodes.some(
                (node) =>
                  node.key === other.key && node.edges.some((edge) => edge.from === step.check?.asset),
              ),
          );
          for (const reader of readers) {
            const isBlocked = reader.dependsOn.includes(step.key);
            expect(isBlocked || isNeeded(needs, step.key, reader.key)).toBe(true);
          }
        }
      }),
      { numRuns: 300 },
    );
  });
});

function isNeeded(needs: ReadonlyMap<string, readonly string[]>, from: string, wanted: string): boolean {
  return (needs.get(from) ?? []).some((key) => key === wanted || isNeeded(needs, key, wanted));
}
