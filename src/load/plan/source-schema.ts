import type { StreamSchema } from '../../connector/connection.ts';
import { ConfigError } from '../../core/errors.ts';
import type { StreamConfig } from '../replication/replication.ts';
import { fillQuery } from '../stream/stream-sql.ts';
import { isPlain } from './plain-source.ts';
import { readTypes } from './text-reading.ts';
import { sourceDialect, type StreamTask } from './stream-task.ts';

/** Files take most casts as declared types; for others they come when rows are published. */
export function readOptionsOf({ stream, source }: StreamTask): Readonly<Record<string, unknown>> {
  if (source.database || isPlain(source)) return stream.sourceOptions;
  const types = readTypes(stream);
  return {
    ...stream.sourceOptions,
    ...(Object.keys(types).length > 0 ? { columns: types } : {}),
    ...(stream.maxRejects > 0 ? { rejects: 'without' } : {}),
    ...(fileColumns(stream).length > 0 ? { metadata: fileColumns(stream) } : {}),
  };
}

/** What files are asked to tell of each row, by the words of their connector. */
function fileColumns({ metadata, updateKey }: StreamConfig): readonly string[] {
  return [
    ...metadata.filter((name) => name === 'row_num' || name === 'stream_url'),
    ...(updateKey === '_sling_loaded_at' ? ['changed_at'] : []),
  ];
}

/** What the source says of the stream; an error of the configuration gets the place of the stream. */
export async function describeSource(task: StreamTask, signal?: AbortSignal): Promise<StreamSchema> {
  const { stream, source } = task;
  const sql = stream.sql === undefined ? undefined : fillQuery(stream.sql, stream, sourceDialect(source));
  try {
    const reference = { name: stream.name, ...(sql === undefined ? {} : { sql }) };
    const schema = await source.source?.describe(reference, readOptionsOf(task), signal);
    return schema ?? { columns: [], primaryKey: [] };
  } catch (error) {
    if (!(error instanceof ConfigError) || error.origin) throw error;
    throw new ConfigError(error.message, {
      code: error.code,
      origin: stream.origin,
      ...(error.state === undefined ? {} : { state: error.state }),
      ...(error.next === undefined ? {} : { next: error.next }),
      cause: error,
    });
  }
}
