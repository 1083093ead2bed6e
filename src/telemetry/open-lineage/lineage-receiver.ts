import { appendFile } from 'node:fs/promises';
import { DataError, TransientError } from '../../core/errors.ts';
import type { JsonObject } from '../../core/json.ts';
import type { RunRecord } from '../../core/ledger.ts';
import type { RunStore } from '../../core/ports.ts';
import type { RunEvent } from '../../core/run-event.ts';
import type { Delivery, Receiver } from '../delivery/courier.ts';
import { post } from '../delivery/http-post.ts';
import { lineageEvents } from './lineage-event.ts';
import type { LineageSource } from './lineage-source.ts';

/** Where lineage goes: a receiver's URL, or a file that grows by a line of JSON per event. */
export type LineageDestination =
  | { readonly url: string; readonly apiKey?: string | undefined }
  | { readonly file: string };

/** Jobs that are told about at the same time; the events of one job stay in their order. */
const jobsAtATime = 8;

export function createLineageReceiver(
  destination: LineageDestination,
  store: Pick<RunStore, 'findRun'>,
  source: LineageSource,
): Receiver {
  return {
    name: 'openlineage',
    types: ['run_state', 'step_state', 'lease_taken'],
    deliver: async (events, signal) => {
      const groups = await groupByJob(events, store, source);
      if ('file' in destination) return writeLines(destination.file, [...groups.values()].flat());
      return sendGroups([...groups.values()], (event) =>
        post({
          url: destination.url,
          headers: {
            'content-type': 'application/json',
            ...(destination.apiKey === undefined ? {} : { authorization: `Bearer ${destination.apiKey}` }),
          },
          body: JSON.stringify(event),
          signal,
        }),
      );
    },
  };
}

async function groupByJob(
  events: readonly RunEvent[],
  store: Pick<RunStore, 'findRun'>,
  source: LineageSource,
): Promise<ReadonlyMap<string, readonly JsonObject[]>> {
  const runs = new Map<string, RunRecord | undefined>();
  const groups = new Map<string, JsonObject[]>();
  for (const event of events) {
    if (!runs.has(event.runId)) runs.set(event.runId, await store.findRun(event.runId));
    const run = runs.get(event.runId);
    if (!run) continue;
    const key = `${event.runId}\n${event.type === 'step_state' ? event.step : ''}`;
    const group = groups.get(key) ?? [];
    group.push(...lineageEvents(event, run, source));
    groups.set(key, group);
  }
  return groups;
}

async function writeLines(file: string, events: readonly JsonObject[]): Promise<Delivery> {
  const lines = events.map((event) => `${JSON.stringify(event)}\n`).join('');
  await appendFile(file, lines).catch((error: NodeJS.ErrnoException) => {
    throw new TransientError(`${file} cannot be written (${error.code})`, { code: 'receiver_unavailable' });
  });
  return { sent: events.length, refused: 0 };
}

async function sendGroups(
  groups: readonly (readonly JsonObject[])[],
  send: (event: JsonObject) => Promise<void>,
): Promise<Delivery> {
  const waiting = [...groups];
  let sent = 0;
  let refused = 0;
  let reason: string | undefined;
  let failure: Error | undefined;
  const sender = async (): Promise<void> => {
    for (let group = waiting.shift(); group; group = waiting.shift()) {
      for (const event of group) {
        try {
          await send(event);
          sent += 1;
        } catch (error) {
          if (!(error instanceof DataError)) throw error;
          refused += 1;
          reason ??= error.message;
        }
      }
    }
  };
  await Promise.all(
    Array.from({ length: Math.min(jobsAtATime, groups.length) }, () =>
      sender().catch((error: unknown) => {
        failure ??= error instanceof Error ? error : new Error(String(error));
        waiting.length = 0;
      }),
    ),
  );
  if (failure) throw failure;
  return { sent, refused, reason };
}
