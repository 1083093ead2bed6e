import { ConfigError } from '../../src/core/errors.ts';
import type {
  AutomationHost,
  AutomationPayload,
  BackfillRequest,
  BackfillStatus,
  PartitionsPayload,
  WhyPayload,
} from '../../src/server/index.ts';
import { retailNodes } from './retail-project.ts';

const minuteMs = 60_000;

/** Automation of a project in memory: one of each kind, a backfill that can be paused. */
export class MemoryAutomation implements AutomationHost {
  #backfill: BackfillStatus = {
    id: 'b1f0',
    state: 'running',
    selection: 'raw/orders+',
    partitions: '2026-01-01..2026-03-31',
    partitionCount: 90,
    requestedCount: 36,
    runCount: 2,
    createdAtMs: Date.now() - 20 * minuteMs,
  };

  async read(): Promise<AutomationPayload> {
    const nowMs = Date.now();
    return {
      active: true,
      schedules: [
        {
          name: 'every_five_minutes',
          cron: '*/5 * * * *',
          timeZone: 'Europe/Berlin',
          selection: 'shop/orders+',
          nextAtMs: nowMs + 3 * minuteMs,
          lastTick: { atMs: nowMs - 2 * minuteMs, outcome: 'started', runIds: ['run-1'] },
        },
      ],
      triggers: [
        {
          name: 'drops',
          kind: 'sensor',
          selection: 'raw/orders+',
          condition: 'failing',
          failures: 3,
          dueAtMs: nowMs + minuteMs,
          lastTick: { atMs: nowMs, outcome: 'failed', reason: 'the folder drops cannot be read', runIds: [] },
        },
        { name: 'retrain', kind: 'webhook', selection: 'task/retrain+', condition: 'new', failures: 0 },
      ],
      conditions: [
        {
          key: 'marts/total_revenue',
          lastTick: { atMs: nowMs, outcome: 'skipped', reason: 'nothing upstream was made', runIds: [] },
        },
      ],
      freshness: [{ key: 'raw/orders', condition: 'stale', staleAtMs: nowMs - minuteMs }],
      backfills: [this.#backfill],
    };
  }

  async why(key: string): Promise<WhyPayload> {
    if (!retailNodes.some((node) => node.key === key))
      throw new ConfigError(`The project has no ${key}`, { code: 'node_missing' });
    return {
      key,
      condition: 'stale',
      reasons: ['raw/orders was made after it'],
      behind: [{ key: 'raw/orders', reasons: ['its latest step failed'] }],
      schedules: [],
      looks: [{ atMs: Date.now(), outcome: 'skipped', reason: 'nothing upstream was made', runIds: [] }],
      evaluation: {
        condition: 'and',
        isTrue: false,
        parts: [
          { condition: 'upstream_updated', isTrue: false },
          { condition: 'checks_passed', isTrue: true },
        ],
      },
    };
  }

  async partitions(key: string): Promise<PartitionsPayload> {
    if (key !== 'raw/orders')
      throw new ConfigError(`${key} has no partitions`, { code: 'partitions_missing' });
    return {
      key,
      count: 90,
      succeeded: { count: 55, text: '2026-01-06..2026-03-01' },
      stale: { count: 5, text: '2026-01-01..2026-01-05' },
      failed: { count: 2, text: '2026-03-02..2026-03-03' },
      running: { count: 1, text: '2026-03-04' },
      waiting: { count: 7, text: '2026-03-05..2026-03-11' },
      missing: { count: 20, text: '2026-03-12..2026-03-31' },
    };
  }

  async changeBackfill(id: string, action: BackfillRequest['action']): Promise<BackfillStatus | undefined> {
    if (id !== this.#backfill.id) return undefined;
    const states = { pause: 'paused', resume: 'running', cancel: 'cancelled' } as const;
    this.#backfill = { ...this.#backfill, state: states[action] };
    return this.#backfill;
  }
}
