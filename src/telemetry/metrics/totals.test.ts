import { expect, test } from 'vitest';
import type { RunEvent } from '../../core/run-event.ts';
import { expose } from './exposition.ts';
import { wholeEngine } from './readings.ts';
import { addEvents, noTotals } from './totals.ts';

function step(sequence: number, key: string, state: string, more: object = {}): RunEvent {
  return {
    type: 'step_state',
    sequence,
    runId: 'r',
    atMs: sequence * 1000,
    step: key,
    state,
    attempt: 1,
    ...more,
  } as RunEvent;
}

const events: readonly RunEvent[] = [
  { type: 'lease_taken', sequence: 1, runId: 'r', atMs: 0, owner: 'a', epoch: 1 },
  step(2, 'raw/orders', 'running'),
  step(3, 'raw/orders', 'pending'),
  { type: 'lease_taken', sequence: 4, runId: 'r', atMs: 0, owner: 'b', epoch: 2 },
  step(5, 'raw/orders', 'running', { attempt: 2 }),
  step(9, 'raw/orders', 'succeeded', {
    outcome: {
      bytes: 70,
      metadata: { rowsRead: 7, rowsInserted: 4, rowsUpdated: 3, rowsDeleted: 0, rowsRejected: 1 },
    },
  }),
  step(10, 'sync/crm', 'running'),
  step(11, 'sync/crm', 'succeeded', {
    outcome: { metadata: { inserted: 2, updated: 1, deleted: 1, failed: 5 } },
  }),
  { type: 'run_state', sequence: 12, runId: 'r', atMs: 0, state: 'succeeded' },
];

test('the same events give the same totals, in one go or in pieces', () => {
  const whole = addEvents(noTotals, events);
  const pieces = events.reduce((totals, event) => addEvents(totals, [event]), noTotals);
  expect(pieces).toEqual(whole);
  expect(whole).toMatchObject({
    sequence: 12,
    runs: { succeeded: 1 },
    steps: { 'asset succeeded': 1, 'sync succeeded': 1 },
    retries: { asset: 1 },
    takeovers: 1,
    streams: { 'raw/orders': { read: 7, inserted: 4, updated: 3, deleted: 0, rejected: 1, bytes: 70 } },
    syncs: { 'sync/crm': { delivered: 4, failed: 5 } },
    started: {},
  });
  expect(whole.seconds['asset']).toMatchObject({ sum: 4, count: 1 });
});

test('streams beyond a bound are counted together', () => {
  const many = Array.from({ length: 2100 }, (_, index) =>
    step(index + 1, `raw/t${index}`, 'succeeded', { outcome: { metadata: { rowsRead: 1 } } }),
  );
  const { streams } = addEvents(noTotals, many);
  expect(Object.keys(streams).length).toBe(2001);
  expect(streams['other']).toMatchObject({ read: 100 });
});

test('a histogram counts upwards, and odd names are escaped', async () => {
  const totals = addEvents(noTotals, [
    ...events,
    step(13, 'raw/a"b\\c', 'succeeded', { outcome: { metadata: { rowsRead: 1 } } }),
  ]);
  const { text } = await expose(
    totals,
    {
      openRuns: { queued: 2 },
      oldestQueuedSeconds: 3,
      poolUse: { [wholeEngine]: 1 },
      poolLimits: { press: 2 },
      watermarkLagSeconds: {},
      lastSuccessSeconds: {},
      scheduleLagSeconds: {},
      messages: { alerts: { sent: 3, refused: 0, skipped: 1 } },
    },
    { withProcess: false, labels: {} },
  );
  const buckets = [...text.matchAll(/step_seconds_bucket\{kind="asset",le="[^"]+"\} (\d+)/g)].map(
    ([, count]) => Number(count),
  );
  expect(buckets).toEqual(buckets.toSorted((a, b) => a - b));
  expect(text).toContain('millrace_step_seconds_bucket{kind="asset",le="1"} 0\n');
  expect(text).toContain('millrace_step_seconds_bucket{kind="asset",le="5"} 1\n');
  expect(text).toContain('stream="raw/a\\"b\\\\c",change="read"');
  expect(text).toContain('millrace_telemetry_messages_total{receiver="alerts",outcome="skipped"} 1\n');
  for (const line of text.split('\n').filter((each) => each !== '' && !each.startsWith('#'))) {
    expect(line).toMatch(/^[a-z_]+(\{.*\})? [\d.e+-]+$/);
  }
});
