import { useQueryClient, type QueryClient } from '@tanstack/react-query';
import { useEffect, useState, useSyncExternalStore } from 'react';
import type { LiveEvent, RunPayload, RunStep, StatusPayload } from '../../src/server/contract.ts';

export type Connection = 'connecting' | 'live' | 'lost';

const rereadDelayMs = 400;
const reconnectDelayMs = 3000;

/**
 * Keeps the cached answers true while runs go on. Single facts are written into the cache at once;
 * lists and figures are read again, at most every `rereadDelayMs`.
 */
export function useLiveEvents(afterSequence: number | undefined): Connection {
  const client = useQueryClient();
  const [connection, setConnection] = useState<Connection>('connecting');
  useEffect(() => {
    if (afterSequence === undefined) return undefined;
    const reread = rereader(client);
    const stop = listen(`/api/events?after=${afterSequence}`, {
      opened: () => {
        setConnection('live');
        reread.now(['project'], ['graph'], ['status'], ['runs'], ['run']);
      },
      lost: () => setConnection('lost'),
      heard: (event) => takeIn(client, event, reread.soon),
    });
    return () => {
      stop();
      reread.stop();
    };
  }, [client, afterSequence]);
  return connection;
}

interface Listener {
  readonly opened: () => void;
  readonly lost: () => void;
  readonly heard: (event: LiveEvent) => void;
}

/** Listens until it is stopped. A browser gives up on a stream that was refused; this asks again. */
function listen(address: string, listener: Listener): () => void {
  let source: EventSource;
  let timer: number | undefined;
  const connect = (): void => {
    source = new EventSource(address);
    source.addEventListener('open', listener.opened);
    source.addEventListener('message', (message: MessageEvent<string>) => {
      listener.heard(JSON.parse(message.data) as LiveEvent);
    });
    source.addEventListener('error', () => {
      listener.lost();
      if (source.readyState === EventSource.CLOSED) timer = window.setTimeout(connect, reconnectDelayMs);
    });
  };
  connect();
  return () => {
    window.clearTimeout(timer);
    source.close();
  };
}

type QueryKey = readonly string[];

function takeIn(client: QueryClient, event: LiveEvent, reread: (...keys: QueryKey[]) => void): void {
  if (event.type === 'step_progress') {
    patchStep(client, event.runId, event.step, { progress: event.progress });
  } else if (event.type === 'step_state') {
    const { runId, step, state, attempt, atMs } = event;
    const started = state === 'running' ? { startedAtMs: atMs } : { finishedAtMs: atMs };
    patchStep(client, runId, step, { state, attempt, ...started });
    patchStatus(client, runId, step, state);
    reread(['run', runId], ['runs'], ['status'], ['node', step], ['why'], ['partitions']);
  } else if (event.type === 'run_state') {
    announce(`Run ${event.state}`);
    reread(['run', event.runId], ['runs'], ['status'], ['node'], ['sample'], ['report'], ['curation']);
    reread(['automation'], ['why'], ['partitions']);
  }
}

function patchStep(client: QueryClient, runId: string, key: string, change: Partial<RunStep>): void {
  client.setQueryData<RunPayload>(
    ['run', runId],
    (run) =>
      run && { ...run, steps: run.steps.map((step) => (step.key === key ? { ...step, ...change } : step)) },
  );
}

function patchStatus(client: QueryClient, runId: string, key: string, state: RunStep['state']): void {
  client.setQueryData<StatusPayload>(
    ['status'],
    (status) =>
      status && {
        ...status,
        nodes: status.nodes.map((node) => (node.key === key ? { ...node, state, runId } : node)),
      },
  );
}

interface Rereader {
  readonly soon: (...keys: QueryKey[]) => void;
  readonly now: (...keys: QueryKey[]) => void;
  readonly stop: () => void;
}

function rereader(client: QueryClient): Rereader {
  const waiting = new Map<string, QueryKey>();
  let timer: number | undefined;
  const now = (...keys: QueryKey[]): void => {
    for (const queryKey of keys) void client.invalidateQueries({ queryKey });
  };
  const flush = (): void => {
    timer = undefined;
    now(...waiting.values());
    waiting.clear();
  };
  return {
    now,
    soon: (...keys) => {
      for (const key of keys) waiting.set(key.join('\n'), key);
      timer ??= window.setTimeout(flush, rereadDelayMs);
    },
    stop: () => window.clearTimeout(timer),
  };
}

let announcement = '';
const announced = new EventTarget();

/** Says something to people who do not see the page. */
export function announce(text: string): void {
  announcement = text;
  announced.dispatchEvent(new Event('change'));
}

export function useAnnouncement(): string {
  return useSyncExternalStore(
    (callback) => {
      announced.addEventListener('change', callback);
      return () => announced.removeEventListener('change', callback);
    },
    () => announcement,
  );
}
