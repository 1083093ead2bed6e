import { expect, expectTypeOf, test } from 'vitest';
import {
  allOf,
  dailyPartitions,
  defineAsset,
  defineTask,
  dynamicPartitions,
  lagged,
  latestOnly,
  mapped,
  monthlyPartitions,
  multiPartitions,
  overlapping,
  sameKey,
  staticPartitions,
} from '../../index.ts';
import { isCodeNode, kindOfCode } from './code-definitions.ts';

const done = (): Promise<void> => Promise.resolve();
const daily = dailyPartitions({ start: '2024-01-01', zone: 'Europe/Berlin' });
const regions = staticPartitions(['us', 'eu']);

const events = defineAsset({
  key: 'shop/events',
  partitions: daily,
  run: async ({ partition }) => {
    expectTypeOf(partition.start).toEqualTypeOf<Date>();
    expectTypeOf(partition.key).toEqualTypeOf<string>();
    return done();
  },
});

const sales = defineAsset({
  key: 'shop/sales',
  partitions: multiPartitions({ day: daily, region: regions }),
  deps: ['raw/orders', mapped(events, { time: overlapping('day', { startOffset: -1 }) })],
  run: async ({ partition, log }) => {
    expectTypeOf(partition.day.end).toEqualTypeOf<Date>();
    expectTypeOf(partition.region.key).toEqualTypeOf<'us' | 'eu'>();
    // @ts-expect-error there is no such dimension
    log(String(partition.country));
    // @ts-expect-error a region has no window
    log(String(partition.region.start));
    return done();
  },
});

defineAsset({
  key: 'shop/report',
  partitions: monthlyPartitions({ start: '2024-01-01' }),
  partitionsPerStep: 'all',
  deps: [
    events,
    allOf(sales),
    lagged(events, 1),
    mapped(sales, { day: overlapping('time'), region: latestOnly() }),
    // @ts-expect-error what is read has no dimension of that name
    mapped(sales, { time: overlapping('time') }),
    // @ts-expect-error the reader has no dimension of that name
    mapped(sales, { day: overlapping('day') }),
    // @ts-expect-error what is read has no dimension called time
    lagged(sales, 1),
  ],
  run: async ({ partitions }) => {
    for (const partition of partitions) expectTypeOf(partition.start).toEqualTypeOf<Date>();
    return done();
  },
});

defineAsset({
  key: 'shop/whole',
  deps: [events, sales],
  // @ts-expect-error it has no partitions
  run: async ({ partition }): Promise<void> => void partition,
});

defineTask({
  key: 'send',
  effects: 'external',
  partitions: dynamicPartitions('customers'),
  after: ['shop/events'],
  run: async ({ partition, idempotencyKey }) => {
    expectTypeOf(partition.key).toEqualTypeOf<string>();
    expectTypeOf(idempotencyKey).toEqualTypeOf<string>();
    return done();
  },
});

defineAsset({
  key: 'shop/by_region',
  partitions: regions,
  deps: [mapped(sales, { region: sameKey('key') })],
  partitionsPerStep: 10,
  // @ts-expect-error a step of several is given `partitions`
  run: async ({ partition }): Promise<void> => void partition,
});

// @ts-expect-error the wrong kind of partition within several dimensions
multiPartitions({ a: multiPartitions({ day: daily }) });

// @ts-expect-error partitions of time need a start
dailyPartitions({ zone: 'UTC' });

test('what is defined is known again, and says what it is', () => {
  expect(isCodeNode(events) && kindOfCode(events)).toBe('asset');
  const task: unknown = defineTask({ key: 't', run: done });
  expect(isCodeNode(task) && kindOfCode(task)).toBe('task');
  expect(sales.partitions.dimensions).toMatchObject([
    { kind: 'time', name: 'day', every: 'day', zone: 'Europe/Berlin', start: '2024-01-01' },
    { kind: 'static', name: 'region', keys: ['us', 'eu'] },
  ]);
  expect(sales.deps?.[1]).toEqual({
    key: 'shop/events',
    mapping: {
      kind: 'dimensions',
      by: { time: { kind: 'window', from: 'day', startOffset: -1, endOffset: 0 } },
    },
  });
});
