import type { JsonObject } from '../../core/json.ts';

/** When something ran, as Sling tells it: instants, and the seconds between them. Of milliseconds since 1970. */
export function runTimes(startedAtMs: number | undefined, endedAtMs: number | undefined): JsonObject {
  const isOver = startedAtMs !== undefined && endedAtMs !== undefined;
  return {
    start_time: instant(startedAtMs),
    end_time: instant(endedAtMs),
    duration: isOver ? (endedAtMs - startedAtMs) / 1000 : null,
  };
}

function instant(ms: number | undefined): string | null {
  return ms === undefined ? null : new Date(ms).toISOString();
}
