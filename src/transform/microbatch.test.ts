import { describe, expect, test } from 'vitest';
import { batchesOf } from './manifest/batches.ts';
import { batchResults } from './run-results.ts';
import { laboratory, systems } from './testing/laboratory.fixture.ts';
import { mistakesOf } from './testing/temporary-project.fixture.ts';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

describe.each(systems)('on %s', (dialectName) => {
  const lab = laboratory(dialectName);
  const today = new Date().toISOString().slice(0, 10);
  const daysAgo = (days: number): string =>
    new Date(Date.parse(today) - days * dayMs).toISOString().slice(0, 10);
  const files = (lookback: number): Record<string, string> => ({
    'models/events.sql': "{{ config(event_time='happened') }} select * from lab.raw",
    'models/m.sql': [
      `{{ config(materialized='incremental', incremental_strategy='microbatch', event_time='happened', batch_size='day', lookback=${lookback}, begin='${daysAgo(3)}') }}`,
      "select happened, n, '{{ model.batch.id if model.batch }}' as batch from {{ ref('events') }}",
    ].join('\n'),
  });
  const fill = async (...rows: readonly string[]): Promise<void> => {
    await lab.execute('drop table if exists lab.raw cascade');
    await lab.execute(`create table lab.raw as select * from (values ${rows.join(', ')}) as v(happened, n)`);
  };
  const row = (days: number, n: number): string => `(timestamp '${daysAgo(days)} 05:00:00', ${n})`;

  test('every day from the beginning, then only the last ones', async () => {
    await fill(row(9, 0), row(3, 1), row(2, 2), row(0, 3));
    await lab.run(files(1), 'events');
    const first = await lab.run(files(1), 'm');
    expect(first.metadata).toMatchObject({ batches: 4, rowsInserted: 3 });
    const model = (await lab.read(files(1))).manifest.byId.get('model.shop.m');
    const dayOf = (days: number): string => `${daysAgo(days)}T00:00:00+00:00`;
    expect(batchResults(model, first.metadata)).toEqual({
      successful: [3, 2, 1, 0].map((days) => [dayOf(days), dayOf(days - 1)]),
      failed: [],
    });
    expect(await lab.rows('select n, batch from lab.m order by n')).toEqual([
      [1, daysAgo(3).replaceAll('-', '')],
      [2, daysAgo(2).replaceAll('-', '')],
      [3, today.replaceAll('-', '')],
    ]);
    await fill(row(3, 10), row(2, 20), row(1, 25), row(0, 30), row(0, 31));
    await lab.run(files(1), 'events');
    const second = await lab.run(files(1), 'm');
    expect(second.metadata).toMatchObject({ batches: 2, rowsDeleted: 1, rowsInserted: 3 });
    expect(await lab.rows('select n from lab.m order by n')).toEqual([[1], [2], [25], [30], [31]]);
    await lab.run(files(1), 'm', { fullRefresh: true });
    expect(await lab.rows('select n from lab.m order by n')).toEqual([[10], [20], [25], [30], [31]]);
  });
});

describe.each(systems)('a batch that fails on %s', (dialectName) => {
  const lab = laboratory(dialectName);
  const today = new Date().toISOString().slice(0, 10);
  const files = {
    'models/m.sql': [
      `{{ config(materialized='incremental', incremental_strategy='microbatch', event_time='happened', batch_size='day', lookback=2, begin='${new Date(Date.parse(today) - 2 * dayMs).toISOString().slice(0, 10)}') }}`,
      'select happened, cast(n as integer) as n from lab.raw where happened >= \'{{ model.batch.event_time_start if model.batch else "2000-01-01" }}\' and happened < \'{{ model.batch.event_time_end if model.batch else "2000-01-01" }}\'',
    ].join('\n'),
  };
  const fill = async (...values: readonly string[]): Promise<void> => {
    await lab.execute('drop table if exists lab.raw');
    await lab.execute('create table lab.raw (happened timestamp, n varchar)');
    for (const [index, value] of values.entries()) {
      const day = new Date(Date.parse(today) - (values.length - 1 - index) * dayMs)
        .toISOString()
        .slice(0, 10);
      await lab.execute(`insert into lab.raw values (timestamp '${day} 01:00:00', '${value}')`);
    }
  };

  test('does not stop the others, and is told at the end', async () => {
    await fill('1', '2', '3');
    await lab.run(files, 'm');
    await fill('10', 'x', '30');
    await expect(lab.run(files, 'm')).rejects.toMatchObject({
      code: 'batches_failed',
      message: expect.stringContaining('1 of 3 batches failed'),
    });
    expect(await lab.rows('select n from lab.m order by n')).toEqual([[2], [10], [30]]);
  });
});

test('a stretch of time is cut into its batches, the end excluded', () => {
  const config = { eventTime: 'at', lookback: 2, beginMs: Date.UTC(2020, 0, 1), batchSize: 'day' } as const;
  const stretch = { startMs: Date.UTC(2024, 0, 1, 5), endMs: Date.UTC(2024, 0, 3) };
  expect(batchesOf(config, false, Date.UTC(2024, 5, 1), stretch)).toEqual([
    { startMs: Date.UTC(2024, 0, 1), endMs: Date.UTC(2024, 0, 2) },
    { startMs: Date.UTC(2024, 0, 2), endMs: Date.UTC(2024, 0, 3) },
  ]);
});

test('batches begin where their size does', () => {
  const config = { eventTime: 'at', lookback: 2, beginMs: Date.UTC(2024, 0, 15, 7) } as const;
  const now = Date.UTC(2024, 3, 2, 10, 30);
  expect(batchesOf({ ...config, batchSize: 'month' }, true, now)).toHaveLength(4);
  expect(batchesOf({ ...config, batchSize: 'month' }, false, now)).toHaveLength(3);
  expect(batchesOf({ ...config, batchSize: 'hour' }, false, now).at(-1)).toEqual({
    startMs: Date.UTC(2024, 3, 2, 10),
    endMs: Date.UTC(2024, 3, 2, 11),
  });
  expect(batchesOf({ ...config, batchSize: 'year', beginMs: Date.UTC(2024, 2, 1) }, false, now)).toEqual([
    { startMs: Date.UTC(2024, 0, 1), endMs: Date.UTC(2025, 0, 1) },
  ]);
});

test('what a microbatch model needs is told with its place', async () => {
  const config =
    "{{ config(materialized='incremental', incremental_strategy='microbatch', batch_size='week') }}";
  expect(await mistakesOf({ 'models/m.sql': `\n${config} select 1 as x` })).toEqual([
    expect.stringMatching(/m\.sql:2:\d+: a microbatch model needs the configuration "event_time"/),
    expect.stringMatching(/m\.sql:2:\d+: the configuration "batch_size" is "week"/),
    expect.stringMatching(/m\.sql:2:\d+: a microbatch model needs the configuration "begin"/),
  ]);
});
