import { acknowledge } from './acknowledgement.ts';
import { readDelta } from './delta-rows.ts';
import { type Courier, type Delivered, deliver } from './delivery.ts';
import type { DiffCounts } from './diff.ts';
import type { Mapping } from './mapping.ts';
import { deliveryStages, type DeliveryStage } from './plan.ts';
import type { DeliveryRow } from './record.ts';
import type { SyncRun } from './sync-run.ts';
import type { StateTables } from './state-tables.ts';
import { throwIfCancelled } from './wait.ts';

/** What a walk over the delta came to. */
export interface Tally {
  inserted: number;
  updated: number;
  deleted: number;
  /** Rows refused now or before and unchanged since. */
  failed: number;
  batches: number;
  requests: number;
  retries: number;
  limitWaits: number;
  stoppedEarly: boolean;
  /** The first refused rows, for people. */
  readonly refusals: { readonly key: string; readonly status: number | undefined; readonly error: string }[];
  /** Keys in the delta that were refused in an earlier run. */
  readonly seenKeys: Set<string>;
}

export interface WalkInput {
  readonly counts: DiffCounts;
  /** Batches acknowledged by earlier runs. */
  readonly batches: number;
  /** Key to hash of rows refused before. */
  readonly failures: ReadonlyMap<string, string>;
}

/** More refused rows than allowed, by so many: then something else than single rows is wrong. */
const refusalsBeyondLimit = 100;
const shownRefusals = 5;
/** Rows read from the delta at once: several batches, because the delta does not change under the walk. */
const pageRows = 5_000;

/** Delivers the delta in its order, one batch at a time; each step is written down before the next is sent. */
export async function walkDelta(
  run: SyncRun,
  tables: StateTables,
  mapping: Mapping,
  input: WalkInput,
): Promise<Tally> {
  const tally = emptyTally();
  const courier = courierOf(run, tally, input.batches);
  for (const stage of deliveryStages(run.sync)) {
    await walkStage(run, tables, mapping, input, courier, stage, tally);
    if (tally.stoppedEarly) break;
  }
  return tally;
}

async function walkStage(
  run: SyncRun,
  tables: StateTables,
  mapping: Mapping,
  input: WalkInput,
  courier: Courier,
  { endpoint, operations }: DeliveryStage,
  tally: Tally,
): Promise<void> {
  const { database, context } = run;
  const page = Math.max(endpoint.batchSize, pageRows - (pageRows % endpoint.batchSize));
  for (let after = 0; ;) {
    const read = await readDelta(database, tables, mapping, operations, after, page, context.signal);
    const last = read.at(-1);
    if (!last) return;
    after = last.sequence;
    const rows = read.filter((row) => !isQuarantined(row, input.failures, tally));
    for (let start = 0; start < rows.length; start += endpoint.batchSize) {
      throwIfCancelled(context.signal);
      for await (const delivered of deliver(
        courier,
        endpoint,
        rows.slice(start, start + endpoint.batchSize),
      )) {
        await writeDown(run, tables, mapping, input, delivered, tally);
        if (tally.stoppedEarly) return;
      }
    }
  }
}

async function writeDown(
  { sync, database, context }: SyncRun,
  tables: StateTables,
  mapping: Mapping,
  { counts, failures }: WalkInput,
  delivered: Delivered,
  tally: Tally,
): Promise<void> {
  const formerFailures = delivered.accepted.map((row) => row.key).filter((key) => failures.has(key));
  await acknowledge(database, tables, mapping, delivered, formerFailures);
  count(tally, delivered);
  for (const { row, status, error } of delivered.refused) {
    context.log(`refused: ${row.operation} ${row.key}: ${status ?? ''} ${error}`, 'warn');
  }
  context.progress({
    rows: tally.inserted + tally.updated + tally.deleted,
    totalRows: counts.insert + counts.update + counts.delete,
    phase: 'delivering',
  });
  tally.stoppedEarly = tally.failed > sync.maxFailures + refusalsBeyondLimit;
}

/** A row refused before is not sent again while it is the same. */
function isQuarantined(row: DeliveryRow, failures: ReadonlyMap<string, string>, tally: Tally): boolean {
  const hash = failures.get(row.key);
  if (hash === undefined) return false;
  tally.seenKeys.add(row.key);
  if (hash !== row.hash) return false;
  tally.failed += 1;
  if (tally.refusals.length < shownRefusals) {
    tally.refusals.push({
      key: row.key,
      status: undefined,
      error: 'refused in an earlier run, and not changed since',
    });
  }
  return true;
}

function count(tally: Tally, { accepted, refused }: Delivered): void {
  tally.batches += 1;
  for (const { operation } of accepted) {
    if (operation === 'insert') tally.inserted += 1;
    else if (operation === 'update') tally.updated += 1;
    else tally.deleted += 1;
  }
  tally.failed += refused.length;
  const room = Math.max(0, shownRefusals - tally.refusals.length);
  tally.refusals.push(
    ...refused.slice(0, room).map(({ row, status, error }) => ({ key: row.key, status, error })),
  );
}

function emptyTally(): Tally {
  return {
    inserted: 0,
    updated: 0,
    deleted: 0,
    failed: 0,
    batches: 0,
    requests: 0,
    retries: 0,
    limitWaits: 0,
    stoppedEarly: false,
    refusals: [],
    seenKeys: new Set(),
  };
}

function courierOf({ sync, http, limiter, context }: SyncRun, tally: Tally, formerBatches: number): Courier {
  return {
    sync,
    http,
    limiter,
    signal: context.signal,
    log: (message) => context.log(message, 'warn'),
    acknowledgedBatches: () => formerBatches + tally.batches,
    count: (what) => {
      tally[what] += 1;
    },
  };
}
