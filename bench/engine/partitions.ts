import type { GraphNode } from '../../src/core/node.ts';
import type { DimensionDefinition } from '../../src/core/partitions.ts';
import type { RunStore } from '../../src/core/ports.ts';
import { explainBackfill, partitionStatus, worldAt } from '../../src/engine/index.ts';
import { assets, load } from './graphs.ts';

const nowMs = Date.UTC(2026, 0, 1);

/** 100,000 hours in a zone whose clocks change, and what reads them day by day. */
const start = '2014-08-05T00:00';

function hourly(): readonly GraphNode[] {
  const [first, second] = assets(2, 'chain');
  const dimension = (every: 'hour' | 'day'): DimensionDefinition => {
    return { kind: 'time', name: 'time', every, zone: 'Europe/Berlin', start };
  };
  if (!first || !second) throw new Error('there are no assets');
  return [
    { ...first, partitions: { dimensions: [dimension('hour')] } },
    { ...second, partitions: { dimensions: [dimension('day')] } },
  ];
}

export interface PartitionTimes {
  readonly count: number;
  readonly statusMilliseconds: number;
  readonly planMilliseconds: number;
  readonly missingMilliseconds: number;
}

/**
 * How long it takes to tell the state of 100,000 partitions, and to plan a backfill of them and of what reads them. Every
 * hundredth one has failed, so that the ledger holds 2,000 stretches.
 */
export async function partitionTimes(store: RunStore): Promise<PartitionTimes> {
  const definitions = load(hourly());
  const { graph } = definitions;
  const [node] = graph.nodes;
  if (!node) throw new Error('there is no node');
  const world = worldAt(nowMs);
  const { count } = await partitionStatus(graph, store, node.key, world);
  await fill(store, node.key, count);
  const timed = async (work: () => Promise<unknown>): Promise<number> => {
    const startedAtMs = performance.now();
    await work();
    return performance.now() - startedAtMs;
  };
  const request = { select: '', partitions: 'all' };
  return {
    count,
    statusMilliseconds: await timed(() => partitionStatus(graph, store, node.key, world)),
    planMilliseconds: await timed(() => explainBackfill({ graph }, store, request, nowMs)),
    missingMilliseconds: await timed(() =>
      explainBackfill({ graph }, store, { ...request, onlyMissing: true }, nowMs),
    ),
  };
}

/** Lets a run of few steps tell the ledger of many partitions. */
async function fill(store: RunStore, node: string, count: number): Promise<void> {
  const first = Math.floor(Date.UTC(2014, 7, 4, 22) / 3_600_000);
  const slice = 'hour Europe/Berlin 0';
  const key = `${node}@all`;
  const failed = `${node}@failed`;
  const step = {
    node,
    kind: 'asset',
    type: 'table',
    executor: 'no-op',
    dependsOn: [],
    locks: [],
    retry: { maxAttempts: 1, delaySeconds: 1, maxDelaySeconds: 1 },
  } as const;
  const plan = {
    selection: '',
    manifestHash: 'h',
    steps: [
      { ...step, key },
      { ...step, key: failed },
    ],
    options: { fullRefresh: false },
  };
  await store.createRun({ id: 'fill', plan, trigger: { kind: 'code' }, createdAtMs: nowMs });
  const lease = await store.claimRun({
    runId: 'fill',
    owner: 'bench',
    expectedEpoch: 0,
    atMs: nowMs,
    expiresAtMs: nowMs + 60_000,
    resetReason: '',
  });
  if (!lease) throw new Error('the run cannot be claimed');
  await store.moveRun(lease, { to: 'running', atMs: nowMs });
  const all = [{ slice, from: first, to: first + count }];
  const some = Array.from({ length: Math.floor(count / 100) }, (_, index) => {
    return { slice, from: first + index * 100 + 50, to: first + index * 100 + 51 };
  });
  for (const [name, ranges, to] of [
    [key, all, 'succeeded'],
    [failed, some, 'failed'],
  ] as const) {
    await store.startStep(lease, { step: name, attempt: 1, atMs: nowMs, locks: [] });
    const partitions = { text: 'all', count: ranges.length, ranges };
    const outcome = { metadata: {} };
    await store.moveSteps(lease, [{ step: name, node, partitions, to, attempt: 1, atMs: nowMs, outcome }]);
  }
  await store.moveRun(lease, { to: 'failed', atMs: nowMs });
}
