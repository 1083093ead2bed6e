import { DataError, FatalError, TransientError } from '../../core/errors.ts';
import type { Executor } from '../../core/executor.ts';
import { buildGraph } from '../../core/graph.ts';
import type { GraphNode } from '../../core/node.ts';
import type { Plan } from '../../core/plan.ts';
import type { StepState } from '../../core/run-state.ts';
import { makePlan } from '../planner.ts';
import { asset } from '../project.fixture.ts';
import type { Machine } from './machine.fixture.ts';

/**
 * `flaky`: fails once in its life. `deaf`: goes on when it is told to stop. `crashing`: the process it works in ends.
 * What is made for each item fails at the last one only.
 */
type Nature = 'well' | 'badly' | 'crashing' | 'flaky' | 'deaf' | 'saving';

export interface Work {
  readonly nodes: readonly GraphNode[];
  /** How each step of a plan has to end, whatever happened to the processes. */
  endsOf(plan: Plan): ReadonlyMap<string, StepState>;
  /** The lists of items that were found for a run by a step, a list each time that it was executed. */
  foundBy(runId: string, key: string): readonly (readonly string[])[];
  executorOn(machine: Machine): Executor;
}

const keys = { kind: 'static', name: 'key', keys: ['x', 'y', 'z'] } as const;

/** A random graph of steps that take seconds; some of them are about partitions, some are made for each item of another. */
export function createWork(random: () => number): Work {
  const made: string[] = [];
  const whole = new Set<string>();
  const nodes = Array.from({ length: 2 + Math.floor(random() * 5) }, (_, index) => {
    const key = `n${index}`;
    const reads = made.filter(() => random() < 0.4);
    made.push(key);
    const sequential = random() < 0.3;
    const pool = random() < 0.3 ? { pool: 'narrow' } : {};
    if (random() < 0.4) {
      const partitions = { dimensions: [keys], sequential, oneAtATime: random() < 0.5 };
      return asset(key, reads, { partitions, ...pool });
    }
    const source = reads.find((from) => whole.has(from));
    if (source === undefined || random() < 0.5) {
      whole.add(key);
      return asset(key, reads, pool);
    }
    return asset(key, reads, { forEach: source, ...(random() < 0.5 ? { itemsAtOnce: 1 } : {}) });
  });
  const natures = new Map<string, Nature>(
    makePlan(buildGraph(nodes), { manifestHash: 'h' }).steps.map(({ key }) => [
      key,
      pick(random, ['well', 'well', 'well', 'badly', 'crashing', 'flaky', 'deaf', 'saving'] as const),
    ]),
  );
  const sources = new Set(nodes.map(({ forEach }) => forEach));
  const seconds = new Map(nodes.map(({ key }) => [key, 0.1 + random() * 20]));
  const failedOnce = new Set<string>();
  const found = new Map<string, string[][]>();
  const fails = (node: string, item?: string): boolean =>
    ['badly', 'crashing'].includes(natures.get(node) ?? '') && (item === undefined || item === 'last');
  const find = (runId: string, key: string): readonly string[] => {
    const lists = found.get(`${runId}/${key}`) ?? [];
    // Another list each time: the steps must all be of the one that the ledger took.
    const items = Array.from({ length: Math.floor(random() * 4) }, (_, index) => `${lists.length}-${index}`);
    lists.push([...items, 'last']);
    found.set(`${runId}/${key}`, lists);
    return lists.at(-1) ?? [];
  };
  return {
    nodes,
    endsOf: ({ steps }) => {
      const ends = new Map<string, StepState>();
      for (const { key, dependsOn, forEach, item, node = key } of steps) {
        const isHeldUp =
          dependsOn.some((from) => ends.get(from) !== 'succeeded') || (forEach !== undefined && fails(key));
        const isFailed = item ? fails(node, item.key) : fails(key);
        ends.set(key, isHeldUp ? 'skipped' : isFailed ? 'failed' : 'succeeded');
      }
      return ends;
    },
    foundBy: (runId, key) => found.get(`${runId}/${key}`) ?? [],
    executorOn: (machine) => {
      const running = new Set<string>();
      return {
        name: 'test',
        execute: async (node, context) => {
          const part = context.partitions?.text ?? context.item?.key;
          const key = part === undefined ? node.key : `${node.key}@${part}`;
          if (running.has(key)) throw new Error(`${key} runs twice at a time in one process`);
          const isBesideItself = [...running].some((other) => other.startsWith(`${node.key}@`));
          if (node.partitions?.oneAtATime && isBesideItself)
            throw new Error(`${node.key} is written by two steps at a time in one process`);
          running.add(key);
          try {
            const nature = natures.get(context.item ? node.key : key);
            const work = machine.sleep((seconds.get(node.key) ?? 1) * 1000);
            const stopped = Promise.withResolvers<'stopped'>();
            context.signal.addEventListener('abort', () => stopped.resolve('stopped'));
            const end = nature === 'deaf' ? await work : await Promise.race([work, stopped.promise]);
            if (end === 'stopped') throw new Error('stopped');
            if (fails(context.item ? node.key : key, context.item?.key)) {
              if (nature === 'badly') throw new DataError('bad rows', { code: 'bad' });
              throw new FatalError('its process ended', { code: 'step_process_ended' });
            }
            if (nature === 'saving') await context.saveCheckpoint({ half: true });
            if (nature === 'flaky' && !failedOnce.has(context.idempotencyKey)) {
              failedOnce.add(context.idempotencyKey);
              throw new TransientError('not now', { code: 'flaky' });
            }
            context.log('done');
            const items = sources.has(node.key) ? find(context.runId, node.key) : undefined;
            return {
              rows: 1,
              metadata: {},
              ...(items ? { items: items.map((name) => ({ key: name, value: { name } })) } : {}),
            };
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
