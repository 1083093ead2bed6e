import { isBackfillOpen, type Backfill } from '../core/backfill.ts';
import { MillraceError } from '../core/errors.ts';
import type { RunStore } from '../core/ports.ts';
import { isRunFinished } from '../core/run-state.ts';
import { nextRun, withEndedRun } from './backfill/backfill-progress.ts';
import { readPartitionWorld } from './partition/partition-world.ts';
import { makePlan } from './planner.ts';
import { createRunId } from './run-id.ts';
import type { Workplace } from './workplace.ts';

/** Backfills that are looked at; more than that at a time wait for one to end. */
const backfillsAtOnce = 100;

/** Makes the next run of every backfill whose last one is over. Throws only errors of the ledger. */
export async function advanceBackfills(place: Workplace): Promise<void> {
  for (const backfill of await place.store.listBackfills({ isOpen: true, limit: backfillsAtOnce })) {
    if (backfill.state === 'running') await advance(place, backfill);
  }
}

async function advance(place: Workplace, backfill: Backfill): Promise<void> {
  const { store } = place;
  const state = backfill.runId === undefined ? undefined : await store.runState(backfill.runId);
  if (state !== undefined && !isRunFinished(state)) return;
  const version = backfill.version + 1;
  const finishedAtMs = place.clock.nowMs();
  if (state === 'cancelled') {
    await store.updateBackfill({ ...backfill, version, state: 'cancelled', finishedAtMs });
    return;
  }
  try {
    await makeNextRun(place, { ...backfill, version });
  } catch (error) {
    if (!(error instanceof MillraceError) || error.kind !== 'config') throw error;
    const reason = place.redact(error.message);
    await store.updateBackfill({ ...backfill, version, state: 'failed', reason, finishedAtMs });
  }
}

async function makeNextRun(place: Workplace, backfill: Backfill): Promise<void> {
  const { store, clock } = place;
  const { graph, manifestHash } = place.definitions();
  const atMs = clock.nowMs();
  const world = await readPartitionWorld(store, graph, atMs);
  const last = backfill.runId === undefined ? undefined : await store.findRun(backfill.runId);
  const known = last ? withEndedRun(backfill, last, graph, world) : backfill;
  const { nodes, targets, requested, unmade } = nextRun(known, graph, world);
  if (nodes.length === 0) {
    const isWhole = Object.keys(unmade).length === 0;
    const state = isWhole ? 'succeeded' : 'failed';
    const ended = { ...known, requested, unmade, state, finishedAtMs: atMs } as const;
    await store.updateBackfill(isWhole ? ended : { ...ended, reason: 'Some partitions could not be made' });
    return;
  }
  const { selection: select, partitions, options } = backfill;
  const plan = makePlan(graph, { select, keys: nodes, targets, partitions, world, manifestHash, options });
  const runId = createRunId(atMs);
  const trigger = { kind: 'command', backfill: backfill.id } as const;
  const next = { ...known, requested, unmade, runId, runCount: known.runCount + 1 };
  await store.updateBackfill(next, { id: runId, plan, trigger, createdAtMs: atMs });
  place.written.notify();
  place.queued.notify();
}

/** Holds a backfill with its run, or lets both go on. Undefined for an unknown one; nothing happens to one that is over. */
export function holdBackfill(
  store: RunStore,
  id: string,
  isHeld: boolean,
  atMs: number,
): Promise<Backfill | undefined> {
  return change(store, id, async (backfill) => {
    if (backfill.runId !== undefined) await store.holdRun(backfill.runId, isHeld, atMs);
    return { ...backfill, state: isHeld ? 'paused' : 'running' };
  });
}

/** Ends a backfill with its run. Undefined for an unknown one; nothing happens to one that is over. */
export function cancelBackfill(store: RunStore, id: string, atMs: number): Promise<Backfill | undefined> {
  return change(store, id, async (backfill) => {
    if (backfill.runId !== undefined) await store.requestCancel(backfill.runId, atMs);
    return { ...backfill, state: 'cancelled', finishedAtMs: atMs };
  });
}

/** Tries again when somebody else was faster: what was done to the run is done to the one that it has then. */
async function change(
  store: RunStore,
  id: string,
  toChanged: (backfill: Backfill) => Promise<Backfill>,
): Promise<Backfill | undefined> {
  for (;;) {
    const backfill = await store.findBackfill(id);
    if (!backfill || !isBackfillOpen(backfill)) return backfill;
    const changed = await toChanged(backfill);
    const written = { ...changed, version: backfill.version + 1 };
    if (await store.updateBackfill(written)) return written;
  }
}
