import type { Connection, Source } from '../../connector/connection.ts';
import { instead } from '../../connector/instead.ts';
import type { Payload } from '../../connector/payload.ts';
import type { WorkTracer } from '../../telemetry/traces/work-tracer.ts';
import { aboutConnection } from './span-attributes.ts';

/**
 * The same source; each reading becomes a span that lasts until its last row is taken, as the `COPY` or query behind it does.
 * Of files and relations, which others read, it lasts until they are named.
 */
export function tracedSource(connection: Connection, source: Source, measure: WorkTracer['measure']): Source {
  return instead(source, {
    read: async (request, format, signal) => {
      const reading = Promise.withResolvers<Taken>();
      const attributes = {
        ...aboutConnection(connection),
        'db.collection.name': request.stream.name,
        'millrace.form': format,
      };
      const span = measure(
        { name: `read from ${connection.name}`, kind: 'client', attributes },
        () => reading.promise,
        ({ rows, bytes }) => ({ 'millrace.rows': rows, 'millrace.bytes': bytes }),
      );
      const stop = (): void => reading.reject(signal.reason);
      signal.addEventListener('abort', stop);
      void span.catch(() => undefined).finally(() => signal.removeEventListener('abort', stop));
      try {
        return watched(await source.read(request, format, signal), reading);
      } catch (error) {
        reading.reject(error);
        throw error;
      }
    },
  });
}

/** As far as it is known. */
interface Taken {
  readonly rows?: number;
  readonly bytes?: number;
}

function watched(payload: Payload, reading: PromiseWithResolvers<Taken>): Payload {
  switch (payload.format) {
    case 'columns':
      return {
        ...payload,
        batches: told(
          payload.batches,
          ({ rowCount }) => rowCount,
          reading,
          (rows) => ({ rows }),
        ),
      };
    case 'pg-copy-binary':
      return { ...payload, bytes: told(payload.bytes, lengthOf, reading, (bytes) => ({ bytes })) };
    case 'csv':
      return {
        ...payload,
        bytes: told(payload.bytes, lengthOf, reading, (bytes) => ({ bytes, rows: payload.records() })),
      };
    default:
      reading.resolve({});
      return payload;
  }
}

function lengthOf({ byteLength }: Uint8Array): number {
  return byteLength;
}

/** The same pieces; tells of their end, whether they were all taken or not. */
async function* told<Piece>(
  pieces: AsyncIterable<Piece>,
  measureOf: (piece: Piece) => number,
  reading: PromiseWithResolvers<Taken>,
  taken: (total: number) => Taken,
): AsyncGenerator<Piece> {
  let total = 0;
  try {
    for await (const piece of pieces) {
      total += measureOf(piece);
      yield piece;
    }
  } catch (error) {
    reading.reject(error);
    throw error;
  } finally {
    reading.resolve(taken(total));
  }
}
