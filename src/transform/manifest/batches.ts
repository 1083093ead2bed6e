import type { MicrobatchConfig } from './microbatch-config.ts';

/** A stretch of time, its end excluded; milliseconds since 1970, UTC. */
export interface Batch {
  readonly startMs: number;
  readonly endMs: number;
}

/**
 * The batches to build: those of `stretch` if one is wanted, else from `begin` when the table is new, else the present one
 * and those that `lookback` names.
 */
export function batchesOf(
  config: MicrobatchConfig,
  isNew: boolean,
  nowMs: number,
  stretch?: Batch,
): readonly Batch[] {
  const { batchSize, lookback, beginMs } = config;
  if (stretch) return batchesBetween(startOf(stretch.startMs, batchSize), stretch.endMs - 1, batchSize);
  const present = startOf(nowMs, batchSize);
  const first = startOf(beginMs, batchSize);
  let startMs = isNew ? first : present;
  if (!isNew) for (let back = 0; back < lookback; back += 1) startMs = startOf(startMs - 1, batchSize);
  return batchesBetween(Math.max(startMs, first), nowMs, batchSize);
}

/** The batches from the one that begins at `firstMs` to the one that `lastMs` is in. */
export function batchesBetween(
  firstMs: number,
  lastMs: number,
  batchSize: MicrobatchConfig['batchSize'],
): readonly Batch[] {
  const batches: Batch[] = [];
  for (let startMs = firstMs; startMs <= lastMs;) {
    const endMs = nextOf(startMs, batchSize);
    batches.push({ startMs, endMs });
    startMs = endMs;
  }
  return batches;
}

/** Whether `column` lies within the batch, as SQL. */
export function withinSql(column: string, { startMs, endMs }: Batch): string {
  const time = `cast(${column} as timestamp)`;
  return `${time} >= ${momentSql(startMs)} and ${time} < ${momentSql(endMs)}`;
}

function momentSql(ms: number): string {
  return `timestamp '${new Date(ms).toISOString().slice(0, 19).replace('T', ' ')}'`;
}

function startOf(ms: number, size: MicrobatchConfig['batchSize']): number {
  const date = new Date(ms);
  const [year, month, day] = [date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate()];
  if (size === 'year') return Date.UTC(year, 0, 1);
  if (size === 'month') return Date.UTC(year, month, 1);
  return size === 'day' ? Date.UTC(year, month, day) : Date.UTC(year, month, day, date.getUTCHours());
}

function nextOf(startMs: number, size: MicrobatchConfig['batchSize']): number {
  const date = new Date(startMs);
  const [year, month, day] = [date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate()];
  if (size === 'year') return Date.UTC(year + 1, 0, 1);
  if (size === 'month') return Date.UTC(year, month + 1, 1);
  return size === 'day' ? Date.UTC(year, month, day + 1) : startMs + 3_600_000;
}
