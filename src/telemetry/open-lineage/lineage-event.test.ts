import { describe, expect, test } from 'vitest';
import type { RunRecord } from '../../core/ledger.ts';
import type { GraphNode } from '../../core/node.ts';
import type { RunEvent } from '../../core/run-event.ts';
import { lineageEvents } from './lineage-event.ts';
import type { LineageSource } from './lineage-source.ts';

const node: GraphNode = {
  key: 'raw/orders',
  kind: 'asset',
  type: 'table',
  description: '',
  tags: [],
  group: '',
  origin: { file: 'r.yaml' },
  edges: [],
  relation: { connection: 'W', schema: 'raw', name: 'orders' },
  columns: [],
  executor: 'load',
  spec: {},
};

const source: LineageSource = {
  project: 'shop',
  version: '1.2.3',
  namespace: 'tests',
  node: (key) => (key === node.key ? node : undefined),
  place: () => ({
    namespace: 'postgres://db:5432',
    prefix: ['sales'],
    hasSchemas: true,
    uri: 'postgres://db:5432',
  }),
  loadedFrom: () => undefined,
  sql: () => ({ query: "select 'hunter2'" }),
  redact: (text) => text.replaceAll('hunter2', '***'),
};

const run: RunRecord = {
  id: 'r1',
  state: 'running',
  selection: '',
  trigger: { kind: 'schedule', schedule: 'nightly', nominalAtMs: Date.UTC(2026, 0, 1, 3) },
  createdAtMs: Date.UTC(2026, 0, 1, 3, 0, 5),
  startedAtMs: 1,
  stepCounts: { pending: 0, running: 0, succeeded: 0, failed: 0, skipped: 0, cancelled: 0 },
  plan: { selection: '', manifestHash: '', steps: [], options: { fullRefresh: false } },
  steps: [],
};

function told(event: Partial<RunEvent> & Pick<RunEvent, 'type'>, about: RunRecord = run): readonly unknown[] {
  const whole = { sequence: 1, runId: 'r1', atMs: 5, step: 'raw/orders', attempt: 1, ...event } as RunEvent;
  return lineageEvents(whole, about, source).map(({ eventType }) => eventType);
}

describe('the events of OpenLineage', () => {
  test.each([
    ['running', 1, ['START']],
    ['running', 2, ['RUNNING']],
    ['pending', 1, []],
    ['succeeded', 1, ['COMPLETE']],
    ['failed', 1, ['FAIL']],
    ['cancelled', 1, ['ABORT']],
    ['cancelled', 0, ['START', 'ABORT']],
    ['skipped', 0, ['START', 'ABORT']],
  ] as const)('a step that is %s at attempt %i', (state, attempt, types) => {
    expect(told({ type: 'step_state', state, attempt })).toEqual(types);
  });

  test.each([
    ['queued', []],
    ['running', ['START']],
    ['cancelling', []],
    ['succeeded', ['COMPLETE']],
    ['failed', ['FAIL']],
    ['cancelled', ['ABORT']],
  ] as const)('a run that is %s', (state, types) => {
    expect(told({ type: 'run_state', state })).toEqual(types);
  });

  test('a run that never started, and one that another process continues', () => {
    const { startedAtMs: _, ...unstarted } = run;
    expect(told({ type: 'run_state', state: 'cancelled' }, unstarted)).toEqual(['START', 'ABORT']);
    expect(told({ type: 'lease_taken', owner: 'a', epoch: 1 })).toEqual([]);
    expect(told({ type: 'lease_taken', owner: 'b', epoch: 2 })).toEqual(['RUNNING']);
    expect(told({ type: 'step_log', level: 'info', message: '' })).toEqual([]);
  });

  test('carry the schedule, the time it meant, the query without secrets, and the same run id every time', () => {
    const event = {
      type: 'step_state',
      sequence: 1,
      runId: 'r1',
      atMs: 5,
      step: node.key,
      attempt: 1,
    } as const;
    const [first] = lineageEvents({ ...event, state: 'running' }, run, source);
    const [last] = lineageEvents({ ...event, state: 'succeeded' }, run, source);
    expect(first).toMatchObject({
      run: {
        facets: {
          parent: { job: { namespace: 'tests', name: 'shop.schedule.nightly' } },
          nominalTime: { nominalStartTime: '2026-01-01T03:00:00.000Z' },
        },
      },
      job: { namespace: 'tests', name: 'shop.raw/orders', facets: { sql: { query: "select '***'" } } },
      outputs: [{ namespace: 'postgres://db:5432', name: 'sales.raw.orders' }],
    });
    const runIds = [first, last].map((told) => (told?.['run'] as { runId: string } | undefined)?.runId);
    expect(runIds).toEqual([expect.stringMatching(/^[0-9a-f-]{36}$/), runIds[0]]);
  });
});
