import { randomUUID } from 'node:crypto';
import type { ConnectionProvider, Listening } from '../../connector/connection.ts';
import { ConfigError } from '../../core/errors.ts';
import type { JsonObject } from '../../core/json.ts';
import type { SensorProbe } from '../../core/sensor.ts';
import type { NotifySource } from './definition.ts';

const shortestDelayMs = 500;
const longestDelayMs = 30_000;
/** Messages that one run is told; the run stands for the others too. */
const mostPayloads = 1000;

interface NotifyCursor extends JsonObject {
  /** The messages that have led to a run. */
  readonly batch: string;
}

/** Hears `NOTIFY`, over a connection that is made again when it is lost. */
export function notifyProbe(source: NotifySource, connections: ConnectionProvider): SensorProbe {
  let fresh: string[] = [];
  let offered:
    | { readonly batch: string; readonly payloads: readonly string[]; readonly missed: boolean }
    | undefined;
  let mayHaveMissed = false;
  let trouble: unknown;
  return {
    check: async ({ cursor }) => {
      const before = cursor as NotifyCursor | undefined;
      if (offered && before?.batch === offered.batch) offered = undefined;
      const missed = mayHaveMissed && before !== undefined && source.missed !== 'ignore';
      const payloads = [...(offered?.payloads ?? []), ...fresh].slice(0, mostPayloads);
      if (payloads.length === 0 && !missed && !offered) {
        if (trouble !== undefined) throw trouble;
        mayHaveMissed = false;
        return { runs: [], cursor: before ?? { batch: '' }, skip: `Nothing was said on ${source.channel}` };
      }
      offered = { batch: randomUUID(), payloads, missed: missed || (offered?.missed ?? false) };
      fresh = [];
      mayHaveMissed = false;
      const input = { channel: source.channel, payloads, missed: offered.missed };
      return { runs: [{ input }], cursor: { batch: offered.batch } };
    },
    watch: (wake) =>
      keepListening(source, connections, {
        heard: (payload) => {
          fresh.push(payload);
          wake();
        },
        connected: () => {
          trouble = undefined;
          mayHaveMissed = true;
          wake();
        },
        failed: (error) => {
          trouble = error;
        },
      }),
  };
}

interface Ears {
  heard(payload: string): void;
  /** From here on everything is heard; before it something may have been missed. */
  connected(): void;
  failed(error: unknown): void;
}

function keepListening(source: NotifySource, connections: ConnectionProvider, ears: Ears): () => void {
  let isClosed = false;
  let timer: NodeJS.Timeout | undefined;
  let listening: Listening | undefined;
  let delayMs = shortestDelayMs;
  const again = (): void => {
    listening = undefined;
    if (isClosed) return;
    timer = setTimeout(() => void connect(), delayMs).unref();
    delayMs = Math.min(delayMs * 2, longestDelayMs);
  };
  const connect = async (): Promise<void> => {
    try {
      const connection = await connections(source.connection);
      if (!connection.listen)
        throw new ConfigError(`${source.connection} is not a PostgreSQL connection`, {
          code: 'sensor_source',
        });
      const now = await connection.listen(source.channel, (payload) => ears.heard(payload), again);
      if (isClosed) {
        await now.close();
        return;
      }
      listening = now;
      delayMs = shortestDelayMs;
      ears.connected();
    } catch (error) {
      ears.failed(error);
      again();
    }
  };
  void connect();
  return () => {
    isClosed = true;
    clearTimeout(timer);
    void listening?.close();
  };
}
