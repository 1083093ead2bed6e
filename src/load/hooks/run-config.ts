import type { JsonObject } from '../../core/json.ts';
import type { StreamConfig } from '../replication/replication.ts';

/** What hooks may say about how a stream is loaded, `run.config`, as Sling's tasks have it. */
export function runConfig(
  { name, mode, primaryKey, updateKey, tags }: StreamConfig,
  ends: { readonly source: string; readonly target: string; readonly object: string },
): JsonObject {
  return {
    mode,
    tags: [...tags],
    source: {
      conn: ends.source,
      stream: name,
      primary_key: [...primaryKey],
      update_key: updateKey ?? null,
    },
    target: { conn: ends.target, object: ends.object },
  };
}
