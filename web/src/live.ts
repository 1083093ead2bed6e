import { useQueryClient, type QueryClient } from '@tanstack/react-query';
import { useEffect, useState, useSyncExternalStore } from 'react';
import type { LiveEvent, RunPayload, RunStep, StatusPayload } from '../../src/server/contract.ts';

export type Connection = 'connecting' | 'live' | 'lost';

const rereadDelayMs = 400;

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
    const source = new EventSource(`/api/events?after=${afterSequence}`);
    source.addEventListener('open', () => {
      setConnection('live');
      reread.now(['project'], ['graph'], ['status'], ['runs'], ['run']);
    });
    source.addEventListener('error', () => setConnection('lost'));
    source.addEventListener('message', (message: MessageEvent<string>) => {
      takeIn(client, JSON.parse(message.data) as LiveEvent, reread.soon);
    });
    return () => {
      source.close();
      reread.stop();
    };
  }, [client, afterSequence]);
  return connection;
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
    reread(['run', runId], ['runs'], ['status'], ['node', step]);
  } else if (event.type === 'run_state') {
    announce(`Run ${event.state}`);
    reread(['run', event.runId], ['runs'], ['status'], ['node'], ['sample'], ['report'], ['curation']);
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
      status && { nodes: status.nodes.map((node) => (node.key === key ? { ...node, state, runId } : node)) },
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
