import { expect, test } from 'vitest';
import { defineSensor } from '../sensors/definition.ts';
import { eager } from '../../core/condition.ts';
import { defineAsset, defineCheck, defineTask, isCodeNode } from './code-definitions.ts';
import { dailyPartitions, lagged, multiPartitions, staticPartitions } from './partition-definitions.ts';
import { type LoadedCode, receiveCode, sendCode } from './sent-code.ts';
import { type Task, taskNode } from './tasks.ts';

const daily = dailyPartitions({ start: '2024-01-01', zone: 'Europe/Berlin' });
const events = defineAsset({
  key: 'shop/events',
  partitions: daily,
  relation: { connection: 'LAKE', schema: 'raw', name: 'events' },
  automation: eager(),
  freshness: { maxAge: '6h' },
  run: async ({ partition, log }) => log(partition.key),
});
const find = defineTask({ key: 'find', after: [events], run: async () => ({ items: ['a', 'b'] }) });
const load = defineTask({
  key: 'load',
  forEach: find,
  itemsAtOnce: 2,
  isolation: 'process',
  memoryMegabytes: 300,
  run: async ({ item }) => ({ value: item.length }),
});
const definitions: readonly object[] = [
  events,
  find,
  load,
  defineTask({ key: 'tell', collect: load, effects: 'external', run: async () => undefined }),
  defineAsset({
    key: 'shop/lag',
    partitions: daily,
    deps: [lagged(events, 1)],
    sequential: true,
    run: async () => ({}),
  }),
  defineAsset({
    key: 'shop/sales',
    partitions: multiPartitions({ day: daily, region: staticPartitions(['us', 'eu']) }),
    partitionsPerStep: 'all',
    deps: ['raw/orders'],
    retry: { maxAttempts: 5 },
    run: async ({ partitions }) => ({ rows: partitions.count }),
  }),
  defineCheck({ key: 'enough', asset: events, severity: 'warn', run: async () => ({ passed: true }) }),
];

test('what was sent to another process makes the same nodes, and its functions cannot be called there', () => {
  const sensor = defineSensor({ name: 'look', select: '', everySeconds: 5, check: async () => ({}) });
  const code: LoadedCode = {
    definition: { name: 'shop', pools: { narrow: 1 } },
    tasks: definitions.flatMap((definition): readonly Task[] =>
      isCodeNode(definition) ? [{ definition, file: 'assets/shop.ts' }] : [],
    ),
    triggers: { sensors: [{ definition: sensor, file: 'assets/shop.ts' }], triggers: [], webhooks: [] },
  };
  const received = receiveCode(structuredClone(sendCode(code)));
  expect(received.tasks).toHaveLength(definitions.length);
  expect(received.tasks.map((task) => taskNode(task))).toEqual(code.tasks.map((task) => taskNode(task)));
  expect(received.definition).toEqual(code.definition);
  const [found] = received.triggers.sensors;
  expect(found?.definition).toMatchObject({ name: 'look', select: '', everySeconds: 5 });
  expect(found?.definition.check?.toString()).toBe(sensor.check?.toString());
  expect(() => received.tasks[0]?.definition.run({} as never)).toThrow('in another process');
});
