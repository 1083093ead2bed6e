import fc from 'fast-check';
import { expect, it } from 'vitest';
import { DataError, FatalError } from '../core/errors.ts';
import type { RunRecord } from '../core/ledger.ts';
import type { GraphNode } from '../core/node.ts';
import type { RunStore } from '../core/ports.ts';
import { openSqliteLedger } from '../store/index.ts';
import { createEngine } from './create-engine.ts';
import type { Engine } from './engine.ts';
import { makePlan } from './planner.ts';
import { asset, check, definitionsOf, testExecutor, type StepBody } from './project.fixture.ts';

interface RandomStep {
  readonly reads: readonly number[];
  readonly isCheck: boolean;
  readonly ends: 'well' | 'badly' | 'with a checkpoint';
}

const randomSteps = fc.array(
  fc.record<RandomStep>({
    reads: fc.array(fc.nat(), { maxLength: 2 }),
    isCheck: fc.boolean(),
    ends: fc.constantFrom('well', 'well', 'badly', 'with a checkpoint'),
  }),
  { minLength: 1, maxLength: 8 },
);

function nodesOf(steps: readonly RandomStep[]): readonly GraphNode[] {
  const assets: string[] = [];
  return steps.map((step, index): GraphNode => {
    const reads = [...new Set(step.reads.map((at) => assets[at % Math.max(assets.length, 1)] ?? ''))].filter(
      Boolean,
    );
    const [target] = reads;
    if (step.isCheck && target !== undefined) return check(`check/n${index}`, target, reads.slice(1));
    assets.push(`n${index}`);
    return asset(`n${index}`, reads);
  });
}

function bodiesOf(
  steps: readonly RandomStep[],
  nodes: readonly GraphNode[],
): Readonly<Record<string, StepBody>> {
  const body =
    (index: number, node: GraphNode | undefined): StepBody =>
    async (context) => {
      const ends = steps[index]?.ends;
      context.log(`step ${index}`);
      if (node?.check) {
        const passed = ends !== 'badly';
        return { check: { passed, failures: passed ? 0 : 1, message: 'rows' }, metadata: {} };
      }
      if (ends === 'badly') throw new DataError('bad rows', { code: 'bad' });
      if (ends === 'with a checkpoint' && context.checkpoint === undefined)
        await context.saveCheckpoint({ chunk: 1 });
      return { rows: index, metadata: {} };
    };
  return Object.fromEntries(nodes.map((node, index) => [node.key, body(index, node)]));
}

const writes: ReadonlySet<string | symbol> = new Set<keyof RunStore>([
  'claimOwnership',
  'claimRun',
  'moveRun',
  'startStep',
  'moveSteps',
  'appendLog',
  'saveCheckpoint',
  'releaseRun',
  'releaseOwnership',
]);

/** A store whose process dies at its `crashAt`-th write: that one and all later ones are not done. */
function dyingStore(store: RunStore, crashAt: number): RunStore {
  let count = 0;
  return new Proxy(store, {
    get: (target, name) => {
      const method = Reflect.get(target, name) as (...args: readonly unknown[]) => Promise<unknown>;
      if (!writes.has(name)) return method;
      return async (...args: readonly unknown[]) => {
        count += 1;
        if (count >= crashAt) throw new FatalError('the process has died', { code: 'died' });
        return method(...args);
      };
    },
  });
}

async function runWith(
  store: RunStore,
  steps: readonly RandomStep[],
  runId?: string,
): Promise<RunRecord | undefined> {
  const nodes = nodesOf(steps);
  const definitions = definitionsOf(nodes);
  const engine: Engine = createEngine({
    store,
    executors: [testExecutor(bodiesOf(steps, nodes))],
    definitions: () => definitions,
    pollMilliseconds: 1,
  });
  try {
    const plan = makePlan(definitions.graph, { manifestHash: 'h' });
    const id = runId ?? (await engine.enqueue(plan, { kind: 'code' }));
    await engine.start();
    const run = await engine.waitForRun(id);
    await engine.shutdown('finish');
    return run;
  } catch (error) {
    expect(error).toMatchObject({ code: 'died' });
    await engine.shutdown('abort').catch(() => undefined);
    return undefined;
  }
}

/** What has to be the same however often a run was interrupted. */
async function result(store: RunStore, run: RunRecord | undefined): Promise<unknown> {
  const histories = run?.steps.map(async (step) => [
    step.key,
    (await store.completionHistory(step.key, 10)).map(({ rows, check }) => [rows, check]),
  ]);
  return {
    state: run?.state,
    failure: run?.failure?.message,
    steps: run?.steps.map((step) => [step.key, step.state, step.failure, step.outcome]),
    completions: await Promise.all(histories ?? []),
  };
}

it('a run that was interrupted at any write, twice, ends like one that was not', async () => {
  await fc.assert(
    fc.asyncProperty(
      randomSteps,
      fc.integer({ min: 1, max: 40 }),
      fc.integer({ min: 1, max: 20 }),
      async (steps, first, second) => {
        const calm = await openSqliteLedger(':memory:');
        const expected = await result(calm, await runWith(calm, steps));
        await calm.close();

        const store = await openSqliteLedger(':memory:');
        const once = await runWith(dyingStore(store, first), steps);
        const [{ id } = { id: undefined }] = await store.listRuns({ limit: 1 });
        const twice = once ?? (await runWith(dyingStore(store, second), steps, id));
        if (!twice) await runWith(store, steps, id);
        const [latest] = await store.listRuns({ limit: 1 });
        const record = await store.findRun(latest?.id ?? '');
        expect(await result(store, record)).toEqual(expected);
        await store.close();
      },
    ),
    { numRuns: 60 },
  );
});
