import pg from 'pg';
import type { LedgerChange } from '../../core/ports.ts';
import type { StepProgressEvent } from '../../core/run-event.ts';
import { progressChannelOf } from './job-names.ts';
import type { LedgerServer } from './server.ts';

/** How often the connection is tried out: a server that was cut off sends nothing, not even an end. */
const checkMilliseconds = 20_000;
const reconnectMilliseconds = 500;

/** Listens on a connection of its own to what other processes write, and comes back after it was lost. */
export interface ChangeFeed {
  add(listener: (change: LedgerChange) => void): () => void;
  addForProgress(listener: (event: StepProgressEvent) => void): () => void;
  close(): Promise<void>;
}

export function createChangeFeed(server: LedgerServer): ChangeFeed {
  const listeners = new Set<(change: LedgerChange) => void>();
  const progressListeners = new Set<(event: StepProgressEvent) => void>();
  const progressChannel = progressChannelOf(server.address.schema);
  let client: pg.Client | undefined;
  let timer: NodeJS.Timeout | undefined;
  let isClosed = false;

  const tell = (change: LedgerChange): void => {
    for (const listener of listeners) listener(change);
  };
  const later = (milliseconds: number, work: () => void): void => {
    clearTimeout(timer);
    timer = isClosed ? undefined : setTimeout(work, milliseconds).unref();
  };
  const lose = (lost: pg.Client): void => {
    if (client !== lost) return;
    client = undefined;
    void lost.end().catch(() => undefined);
    later(reconnectMilliseconds, () => void connect());
  };
  const check = (current: pg.Client): void => {
    current.query('SELECT 1').then(
      () => later(checkMilliseconds, () => check(current)),
      () => lose(current),
    );
  };
  const connect = async (): Promise<void> => {
    const fresh = new pg.Client(server.address.client);
    client = fresh;
    fresh.on('error', () => lose(fresh));
    fresh.on('end', () => lose(fresh));
    fresh.on('notification', ({ channel, processId, payload = '' }) => {
      if (server.isOwnConnection(processId)) return;
      if (channel === progressChannel) {
        const event = JSON.parse(payload) as StepProgressEvent;
        for (const listener of progressListeners) listener(event);
      } else tell(payload === 'runs' ? 'runs' : 'steps');
    });
    try {
      await fresh.connect();
      await fresh.query(`LISTEN ${server.address.schema}`);
      await fresh.query(`LISTEN ${progressChannel}`);
    } catch {
      return lose(fresh);
    }
    tell('runs');
    later(checkMilliseconds, () => check(fresh));
  };

  const start = (): void => {
    if (!client && timer === undefined) void connect();
  };
  return {
    add: (listener) => {
      listeners.add(listener);
      start();
      return () => listeners.delete(listener);
    },
    addForProgress: (listener) => {
      progressListeners.add(listener);
      start();
      return () => progressListeners.delete(listener);
    },
    close: async () => {
      isClosed = true;
      clearTimeout(timer);
      listeners.clear();
      progressListeners.clear();
      const last = client;
      client = undefined;
      await last?.end().catch(() => undefined);
    },
  };
}
