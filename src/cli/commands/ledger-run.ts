import type { Backfill } from '../../core/backfill.ts';
import { ConfigError } from '../../core/errors.ts';
import type { RunRecord } from '../../core/ledger.ts';
import type { OpenRun, RunStore } from '../../core/ports.ts';
import { isOwnershipLive } from '../../engine/index.ts';
import { openLedgers } from '../../project/session/session.ts';
import { ledgerFolder, type Place } from './open-project.ts';

/** Does `work` with the ledgers of a project, and closes them. */
export async function withLedgers(
  place: Place,
  work: (stores: readonly RunStore[]) => Promise<void>,
): Promise<void> {
  const stores = await openLedgers(await ledgerFolder(place));
  try {
    await work(stores);
  } finally {
    for (const store of stores) await store.close();
  }
}

export interface FoundRun {
  readonly store: RunStore;
  readonly run: RunRecord;
}

/** Runs that were begun and that no living process works on. */
export async function interruptedRuns(stores: readonly RunStore[]): Promise<ReadonlySet<string>> {
  const open = (await Promise.all(stores.map((store) => store.openRuns()))).flat();
  const isWorkedOn = ({ lease }: OpenRun): boolean =>
    lease !== undefined && isOwnershipLive(lease, Date.now());
  return new Set(open.filter((run) => run.state !== 'queued' && !isWorkedOn(run)).map(({ id }) => id));
}

/** By id, its beginning, or `last`. Throws a `ConfigError` when none or several fit. */
export async function findRun(stores: readonly RunStore[], id: string): Promise<FoundRun> {
  const candidates = await Promise.all(
    stores.map(async (store) =>
      (await store.listRuns({ limit: 1000 })).map((summary) => ({ store, summary })),
    ),
  );
  const newestFirst = candidates.flat().sort((a, b) => b.summary.createdAtMs - a.summary.createdAtMs);
  const fitting =
    id === 'last' ? newestFirst.slice(0, 1) : newestFirst.filter(({ summary }) => summary.id.startsWith(id));
  const [only] = fitting;
  const run = only && fitting.length === 1 ? await only.store.findRun(only.summary.id) : undefined;
  if (only && run) return { store: only.store, run };
  throw new ConfigError(fitting.length > 1 ? `several runs begin with '${id}'` : `there is no run '${id}'`, {
    code: 'run_missing',
    next: 'To see the latest, run: millrace runs',
  });
}

/** A run, or a backfill by its whole id. */
export async function findRunOrBackfill(
  stores: readonly RunStore[],
  id: string,
): Promise<FoundRun | { readonly store: RunStore; readonly backfill: Backfill }> {
  for (const store of stores) {
    const backfill = id.startsWith('backfill-') ? await store.findBackfill(id) : undefined;
    if (backfill) return { store, backfill };
  }
  return findRun(stores, id);
}
