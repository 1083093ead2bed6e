import type { Sensor } from '../../core/sensor.ts';
import { lookOnce, type SensorNote, sensorNoteName, type SensorPlace } from './sensor-look.ts';

/** Looks that go on at the same time; others wait for their turn. */
const looksAtOnce = 8;
/** A skip that is said again is written anew after this time, so that one can see that the sensor is alive. */
const repeatMilliseconds = 60_000;
/** News that come faster than this are one look. */
const gatherMilliseconds = 100;

/** Keeps each sensor to its times. One that fails or hangs holds up no other. */
export interface SensorBoard {
  /** Begins the looks that are due. Throws nothing: what goes wrong is a failed tick, or told to `onError`. */
  startDue(): void;
  /** How long there is nothing to do, at most `mostMs`. */
  idleMilliseconds(mostMs: number): number;
  /** Ends all looks without writing, and forgets what was learned. It can be used again after that. */
  stop(): Promise<void>;
}

export interface SensorBoardOptions extends SensorPlace {
  readonly sensors: () => readonly Sensor[];
  /** Called when a look has ended or may be due now. */
  readonly onNews: () => void;
  readonly onError: (error: unknown) => void;
}

interface Entry {
  sensor: Sensor;
  dueAtMs: number;
  /** Something may have happened since the last look began. */
  hasNews: boolean;
  /** Its code runs, even if its time is over. */
  isBusy: boolean;
  said: { readonly skip: string; readonly atMs: number } | undefined;
  lastLookMs: number;
  /** Its last look failed: it has to wait, whatever is new. */
  isFailing: boolean;
  stopWatching: () => void;
}

export function createSensorBoard(options: SensorBoardOptions): SensorBoard {
  const entries = new Map<string, Entry>();
  const looks = new Set<Promise<void>>();
  let known: readonly Sensor[] = [];
  let closing = new AbortController();

  const refresh = (): void => {
    const sensors = options.sensors();
    if (sensors === known) return;
    known = sensors;
    const names = new Set(sensors.map(({ definition }) => definition.name));
    for (const [name, entry] of entries) {
      entry.stopWatching();
      if (!names.has(name)) entries.delete(name);
    }
    for (const sensor of sensors) {
      const { name } = sensor.definition;
      const entry = entries.get(name) ?? createEntry(sensor);
      entry.sensor = sensor;
      entry.stopWatching = watch(options, entry);
      entries.set(name, entry);
    }
  };

  const look = async (entry: Entry): Promise<void> => {
    const { everySeconds } = entry.sensor.definition;
    const startedAtMs = options.clock.nowMs();
    entry.isBusy = true;
    entry.hasNews = false;
    entry.lastLookMs = startedAtMs;
    const { signal } = closing;
    try {
      const isFresh = entry.said !== undefined && startedAtMs - entry.said.atMs < repeatMilliseconds;
      const result = await lookOnce(options, entry.sensor, signal, isFresh ? entry.said?.skip : undefined);
      entry.dueAtMs = Math.max(startedAtMs + everySeconds * 1000, result.note.dueAtMs);
      const isSaid = isFresh && result.skip === entry.said?.skip;
      if (!isSaid)
        entry.said =
          result.skip === undefined ? undefined : { skip: result.skip, atMs: options.clock.nowMs() };
      entry.isFailing = result.note.failures > 0;
      void result.settled.then(() => {
        entry.isBusy = false;
        options.onNews();
      });
    } catch (error) {
      entry.isBusy = false;
      entry.dueAtMs = startedAtMs + everySeconds * 1000;
      options.onError(error);
    }
  };

  const dueMs = (entry: Entry): number =>
    entry.hasNews && !entry.isFailing
      ? Math.min(entry.dueAtMs, entry.lastLookMs + gatherMilliseconds)
      : entry.dueAtMs;

  return {
    startDue: () => {
      refresh();
      const nowMs = options.clock.nowMs();
      for (const entry of entries.values()) {
        if (looks.size >= looksAtOnce) return;
        const isClockBack = nowMs < entry.lastLookMs;
        if (entry.isBusy || (dueMs(entry) > nowMs && !isClockBack)) continue;
        const looking = look(entry).finally(() => {
          looks.delete(looking);
          options.onNews();
        });
        looks.add(looking);
      }
    },
    idleMilliseconds: (mostMs) => {
      const nowMs = options.clock.nowMs();
      if (looks.size >= looksAtOnce) return mostMs;
      let wait = mostMs;
      for (const entry of entries.values())
        if (!entry.isBusy) wait = Math.min(wait, Math.max(dueMs(entry) - nowMs, 0));
      return wait;
    },
    stop: async () => {
      closing.abort();
      closing = new AbortController();
      for (const entry of entries.values()) entry.stopWatching();
      entries.clear();
      known = [];
      await Promise.all(looks);
    },
  };
}

function createEntry(sensor: Sensor): Entry {
  return {
    sensor,
    dueAtMs: 0,
    hasNews: false,
    isBusy: false,
    said: undefined,
    lastLookMs: 0,
    isFailing: false,
    stopWatching: () => undefined,
  };
}

function watch(options: SensorBoardOptions, entry: Entry): () => void {
  const stop = entry.sensor.probe.watch?.(() => {
    entry.hasNews = true;
    options.onNews();
  });
  return stop ?? (() => undefined);
}

/** What is known of a sensor's last looks, for people. */
export async function readSensorNote(
  store: Pick<SensorPlace['store'], 'readNote'>,
  name: string,
): Promise<SensorNote | undefined> {
  return (await store.readNote(sensorNoteName(name)))?.value as SensorNote | undefined;
}
