import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { type DbtEvent, readDbtEvent, readDbtResult } from './dbt-event.ts';

function recorded(name: string): string {
  return readFileSync(new URL(`../../../test/support/dbt-recordings/${name}`, import.meta.url), 'utf8');
}

function eventsOf(version: string): readonly DbtEvent[] {
  const lines = recorded(`dbt-${version}.events.jsonl`).trim().split('\n');
  return lines.flatMap((line) => readDbtEvent(line) ?? []);
}

function statuses(events: readonly DbtEvent[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    events.flatMap((event): [string, string][] =>
      event.type === 'finished' ? [[event.id, event.result.status]] : [],
    ),
  );
}

const expected = {
  'seed.shop.orders': 'success',
  'model.shop.stg_orders': 'success',
  'model.shop.broken': 'error',
  'model.shop.after_broken': 'skipped',
  'model.shop.revenue': 'success',
  'test.shop.unique_stg_orders_id.beb6e97f2f': 'pass',
  'test.shop.not_null_stg_orders_city.13159e3a35': 'warn',
  'test.shop.not_null_revenue_city.15beeb3d97': 'fail',
  'unit_test.shop.revenue.adds_up': 'pass',
};

test.each(['1.9', '2.0'])('the events of dbt %s', (version) => {
  const events = eventsOf(version);
  expect(statuses(events)).toEqual(expected);
  expect(events[0]).toMatchObject({ type: 'version', version: expect.stringMatching(/^[12]\./) });
  const sql = events.find((event) => event.type === 'said' && event.id === 'model.shop.revenue');
  expect(sql).toMatchObject({ level: 'debug', text: expect.stringContaining('sum(amount) as revenue') });
});

test('dbt 1 says in the event why something went wrong, and how many rows there were', () => {
  const events = eventsOf('1.9');
  const resultOf = (id: string): unknown =>
    events.find((event) => event.type === 'finished' && event.id === id);
  expect(resultOf('model.shop.broken')).toMatchObject({
    result: { message: expect.stringContaining('Referenced column "nothing" not found') },
  });
  expect(resultOf('seed.shop.orders')).toMatchObject({ result: { rows: 3, message: 'INSERT 3' } });
  expect(resultOf('test.shop.not_null_revenue_city.15beeb3d97')).toMatchObject({ result: { failures: 1 } });
});

test('dbt 2 says it in run_results.json', () => {
  const { results } = JSON.parse(recorded('dbt-2.0.run_results.json')) as { results: unknown[] };
  const broken = results.map(readDbtResult).find((read) => read?.id === 'model.shop.broken');
  expect(broken?.result).toMatchObject({
    status: 'error',
    message: expect.stringContaining('Referenced column "nothing" not found'),
  });
});

test.each(['', 'Running with dbt=0.19', '{"level": "info"}', '{broken', '[1]', 'null'])(
  'a line that is no event: %j',
  (line) => {
    expect(readDbtEvent(line)).toBeUndefined();
  },
);
