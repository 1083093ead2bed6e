import { DataError, TransientError } from '../../core/errors.ts';
import type { Executor } from '../../core/executor.ts';
import { buildGraph } from '../../core/graph.ts';
import type { GraphNode } from '../../core/node.ts';
import type { Plan } from '../../core/plan.ts';
import type { StepState } from '../../core/run-state.ts';
import { makePlan } from '../planner.ts';
import { asset } from '../project.fixture.ts';
import type { Machine } from './machine.fixture.ts';

/** `flaky`: fails once in its life. `deaf`: goes on when it is told to stop. */
type Nature = 'well' | 'badly' | 'flaky' | 'deaf' | 'saving';

export interface Work {
  readonly nodes: readonly GraphNode[];
  /** How each step of a plan has to end, whatever happened to the processes. */
  endsOf(plan: Plan): ReadonlyMap<string, StepState>;
  executorOn(machine: Machine): Executor;
}

const keys = { kind: 'static', name: 'key', keys: ['x', 'y', 'z'] } as const;

/** A random graph of steps that take seconds; some of them are about partitions. */
export function createWork(random: () => number): Work {
  const made: string[] = [];
  const nodes = Array.from({ length: 2 + Math.floor(random() * 5) }, (_, index) => {
    const key = `n${index}`;
    const reads = made.filter(() => random() < 0.4);
    made.push(key);
    const sequential = random() < 0.3;
    return asset(key, reads, random() < 0.4 ? { partitions: { dimensions: [keys], sequential } } : {});
  });
  const natures = new Map<string, Nature>(
    makePlan(buildGraph(nodes), { manifestHash: 'h' }).steps.map(({ key }) => [
      key,
      pick(random, ['well', 'well', 'well', 'badly', 'flaky', 'deaf', 'saving'] as const),
    ]),
  );
  const seconds = new Map(nodes.map(({ key }) => [key, 0.1 + random() * 20]));
  const failedOnce = new Set<string>();
  return {
    nodes,
    endsOf: ({ steps }) => {
      const ends = new Map<string, StepState>();
      for (const { key, dependsOn } of steps) {
        const isHeldUp = dependsOn.some((from) => ends.get(from) !== 'succeeded');
        ends.set(key, isHeldUp ? 'skipped' : natures.get(key) === 'badly' ? 'failed' : 'succeeded');
      }
      return ends;
    },
    executorOn: (machine) => {
      const running = new Set<string>();
      return {
        name: 'test',
        execute: async (node, context) => {
          const key = context.partitions ? `${node.key}@${context.partitions.text}` : node.key;
          if (running.has(key)) throw new Error(`${key} runs twice at a time in one process`);
          running.add(key);
          try {
            const nature = natures.get(key);
            const work = machine.sleep((seconds.get(node.key) ?? 1) * 1000);
            const stopped = Promise.withResolvers<'stopped'>();
            context.signal.addEventListener('abort', () => stopped.resolve('stopped'));
            const end = nature === 'deaf' ? await work : await Promise.race([work, stopped.promise]);
            if (end === 'stopped') throw new Error('stopped');
            if (nature === 'badly') throw new DataError('bad rows', { code: 'bad' });
            if (nature === 'saving') await context.saveCheckpoint({ half: true });
            if (nature === 'flaky' && !failedOnce.has(context.idempotencyKey)) {
              failedOnce.add(context.idempotencyKey);
              throw new TransientError('not now', { code: 'flaky' });
            }
            context.log('done');
            return { rows: 1, metadata: {} };
          } finally {
            running.delete(key);
          }
        },
      };
    },
  };
}

function pick<Item>(random: () => number, items: readonly Item[]): Item {
  return items[Math.floor(random() * items.length)] as Item;
}
