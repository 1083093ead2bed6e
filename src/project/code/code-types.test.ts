import { expect, expectTypeOf, test } from 'vitest';
import { defineAsset, defineCheck, defineConnection, defineTask } from '../../index.ts';
import { nodeKeyOf } from './code-definitions.ts';

const found = defineTask({
  key: 'found',
  run: async () => ({ items: [{ name: 'shop', port: 5432 }] }),
});

const load = defineAsset({
  key: 'raw/databases',
  forEach: found,
  itemsAtOnce: 2,
  run: async ({ item, itemKey }) => {
    expectTypeOf(item.port).toEqualTypeOf<number>();
    expectTypeOf(itemKey).toEqualTypeOf<string>();
    // @ts-expect-error an item has no such part
    void item.host;
    return { rows: 1, value: itemKey.length };
  },
});

const words = defineTask({
  key: 'words',
  run: async ({ environment }) => ({ items: Object.keys(environment), rows: 2 }),
});

const each = defineTask({
  key: 'each',
  forEach: words,
  run: async ({ item }) => {
    expectTypeOf(item).toEqualTypeOf<string>();
  },
});

defineTask({
  key: 'report',
  collect: load,
  run: async ({ results, log }) => {
    expectTypeOf(results[0]?.value).toEqualTypeOf<number | undefined>();
    for (const { item } of results) log(item.name);
  },
});

defineTask({
  key: 'told_nothing',
  collect: each,
  run: async ({ results }) => {
    for (const { value } of results) expectTypeOf(value).toEqualTypeOf<undefined>();
  },
});

// @ts-expect-error it finds no items
defineTask({ key: 'of_nothing', forEach: each, run: async () => {} });

// @ts-expect-error it is not made for each item of another
defineTask({ key: 'collects_one', collect: found, run: async () => {} });

// @ts-expect-error only one that is made for each item is given one
defineTask({ key: 'whole', run: async ({ item }) => void item });

// @ts-expect-error plain data only
defineTask({ key: 'functions', run: async () => ({ items: [() => 1] }) });

// @ts-expect-error rows are counted
defineTask({ key: 'rows', run: async () => ({ rows: 'many' }) });

// @ts-expect-error there is no such isolation
defineTask({ key: 'far', isolation: 'planet', run: async () => {} });

// @ts-expect-error what comes before is a key or what define... has made
defineTask({ key: 'after', after: [{ name: 'found' }], run: async () => {} });

const check = defineCheck({
  key: 'enough',
  asset: load,
  severity: 'warn',
  run: async () => ({ passed: true }),
});

// @ts-expect-error a check says whether it has passed
defineCheck({ key: 'silent', asset: load, run: async () => {} });

// @ts-expect-error a check is of something
defineCheck({ key: 'of_nothing', run: async () => ({ passed: true }) });

defineConnection({ name: 'SHOP', type: 'postgres', host: 'db', port: '${PORT}', password: '${PASSWORD}' });
defineConnection({ name: 'URL', url: '${DSN}' });

// @ts-expect-error the keys are those of the type
defineConnection({ name: 'SHOP', type: 'sqlite', host: 'db' });

// @ts-expect-error a port is a number
defineConnection({ name: 'SHOP', type: 'postgres', port: 'many' });

// @ts-expect-error there is no such type
defineConnection({ name: 'SHOP', type: 'oracle' });

test('keys tell the kinds apart', () => {
  expect([found, load, check].map((definition) => nodeKeyOf(definition))).toEqual([
    'task/found',
    'raw/databases',
    'check/enough',
  ]);
});
