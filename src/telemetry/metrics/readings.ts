import type { Completion } from '../../core/executor.ts';
import type { RunRecord } from '../../core/ledger.ts';
import type { RunStore } from '../../core/ports.ts';
import type { JsonValue } from '../../core/json.ts';
import type { Counts } from './totals.ts';

/** What is true at one moment, by label. */
export interface Readings {
  readonly openRuns: Counts;
  /** 0 when nothing waits. */
  readonly oldestQueuedSeconds: number;
  /** Steps at work by pool; `(engine)` is all of them. */
  readonly poolUse: Counts;
  readonly poolLimits: Counts;
  readonly watermarkLagSeconds: Counts;
  readonly lastSuccessSeconds: Counts;
  readonly scheduleLagSeconds: Counts;
  /** What became of messages, by receiver. */
  readonly messages: { readonly [receiver: string]: MessageCounts };
}

export interface ReadingsPlace {
  readonly store: RunStore;
  readonly now: () => number;
  readonly schedules: () => readonly string[];
  /** Of steps at a time: by pool, and `(engine)` for all. */
  readonly poolLimits: () => Counts;
  /** Names of the notes that count messages, by receiver. */
  readonly messageNotes: Readonly<Record<string, string>>;
}

export interface MessageCounts {
  readonly sent: number;
  readonly refused: number;
  readonly skipped: number;
}

/** Name of the limit over all pools. */
export const wholeEngine = '(engine)';

const mostNodes = 2000;

export async function takeReadings(place: ReadingsPlace): Promise<Readings> {
  const { store, now } = place;
  const nowMs = now();
  const open = await store.openRuns();
  const running = await Promise.all(
    open.filter(({ state }) => state !== 'queued').map(({ id }) => store.findRun(id)),
  );
  const queued = open.some(({ state }) => state === 'queued')
    ? await store.listRuns({ states: ['queued'], limit: 10_000 })
    : [];
  const completions = (await store.latestCompletions()).slice(0, mostNodes);
  return {
    openRuns: countBy(open, ({ state }) => state),
    oldestQueuedSeconds: Math.max(0, ...queued.map(({ createdAtMs }) => (nowMs - createdAtMs) / 1000)),
    poolUse: poolUse(running.filter((run) => run !== undefined)),
    poolLimits: place.poolLimits(),
    watermarkLagSeconds: Object.fromEntries(
      completions.flatMap((completion) => {
        const atMs = watermarkMs(completion);
        return atMs === undefined ? [] : [[completion.key, Math.max(0, (nowMs - atMs) / 1000)]];
      }),
    ),
    lastSuccessSeconds: Object.fromEntries(
      completions.map(({ key, finishedAtMs }) => [key, finishedAtMs / 1000]),
    ),
    scheduleLagSeconds: await scheduleLags(place),
    messages: await readMessages(place),
  };
}

function countBy<T>(items: readonly T[], name: (item: T) => string): Counts {
  const counts: Record<string, number> = {};
  for (const item of items) counts[name(item)] = (counts[name(item)] ?? 0) + 1;
  return counts;
}

function poolUse(runs: readonly RunRecord[]): Counts {
  const pools = runs.flatMap((run) => {
    const poolOf = new Map(run.plan.steps.map(({ key, pool }) => [key, pool]));
    return run.steps
      .filter(({ state }) => state === 'running')
      .flatMap(({ key }) => [wholeEngine, poolOf.get(key) ?? '']);
  });
  return countBy(
    pools.filter((pool) => pool !== ''),
    (pool) => pool,
  );
}

/** When the newest row that a load has read was changed; undefined for watermarks that are no times. */
function watermarkMs({ metadata }: Completion): number | undefined {
  const written = metadata['watermarkAfter'];
  const found =
    typeof written === 'string'
      ? /= (\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d+)?)?)\s*(Z|[+-]\d\d(?::?\d\d)?)?)?/.exec(written)
      : null;
  if (!found) return undefined;
  const [, date = '', time = '00:00', zone = 'Z'] = found;
  const offset = /^[+-]\d\d$/.test(zone) ? `${zone}:00` : zone;
  const atMs = Date.parse(`${date}T${time}${offset}`);
  return Number.isNaN(atMs) ? undefined : atMs;
}

async function scheduleLags({ store, schedules }: ReadingsPlace): Promise<Counts> {
  const lags: Record<string, number> = {};
  for (const name of schedules()) {
    const [last] = await store.ticks(name, 1);
    if (last) lags[name] = Math.max(0, last.atMs - last.nominalAtMs) / 1000;
  }
  return lags;
}

async function readMessages({ store, messageNotes }: ReadingsPlace): Promise<Readings['messages']> {
  const messages: Record<string, MessageCounts> = {};
  for (const [receiver, name] of Object.entries(messageNotes)) {
    const value: JsonValue | undefined = (await store.readNote(name))?.value;
    if (value !== undefined) messages[receiver] = value as unknown as MessageCounts;
  }
  return messages;
}
