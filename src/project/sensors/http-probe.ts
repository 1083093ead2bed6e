import { createHash } from 'node:crypto';
import { DataError, TransientError } from '../../core/errors.ts';
import type { JsonObject, JsonValue } from '../../core/json.ts';
import type { SensorProbe } from '../../core/sensor.ts';
import type { HttpSource } from './definition.ts';

interface HttpCursor extends JsonObject {
  readonly etag: string | null;
  readonly lastModified: string | null;
  /** What is compared. */
  readonly mark: string;
}

const largestBodyBytes = 10 * 1024 * 1024;

/** Asks a web address whether it has something else to say than before. `source` has the environment's values filled in. */
export function httpProbe(source: HttpSource): SensorProbe {
  const host = URL.parse(source.url)?.host ?? source.url;
  return {
    check: async ({ cursor, signal }) => {
      const before = cursor as HttpCursor | undefined;
      const response = await ask(source, host, before, signal);
      if (response.status === 304 && before) return { runs: [], skip: `${host}: not modified` };
      if (!response.ok)
        throw new TransientError(`${host} answered ${response.status}`, { code: 'sensor_http' });
      const etag = response.headers.get('etag');
      const lastModified = response.headers.get('last-modified');
      const { mark, value } = await markOf(source, host, response, etag ?? lastModified);
      const next: HttpCursor = { etag, lastModified, mark };
      if (before?.mark === mark) return { runs: [], cursor: next, skip: `${host}: the same as before` };
      if (!before && source.first !== 'run')
        return { runs: [], cursor: next, skip: `${host}: first look, remembered` };
      return { runs: [{ input: { value } }], cursor: next };
    },
  };
}

async function ask(
  { url, headers }: HttpSource,
  host: string,
  before: HttpCursor | undefined,
  signal: AbortSignal,
): Promise<Response> {
  const conditions = {
    ...(before?.etag ? { 'if-none-match': before.etag } : {}),
    ...(before?.lastModified ? { 'if-modified-since': before.lastModified } : {}),
  };
  try {
    return await fetch(url, { headers: { ...conditions, ...headers }, signal });
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    const why = cause instanceof Error ? ((cause as NodeJS.ErrnoException).code ?? cause.name) : 'unknown';
    throw new TransientError(`${host} cannot be reached: ${why}`, { code: 'sensor_http' });
  }
}

async function markOf(
  { pointer }: HttpSource,
  host: string,
  response: Response,
  validator: string | null,
): Promise<{ readonly mark: string; readonly value: JsonValue }> {
  if (pointer === undefined && validator !== null) {
    await response.body?.cancel();
    return { mark: validator, value: validator };
  }
  const body = await readBody(response, host);
  if (pointer === undefined) {
    const mark = createHash('sha256').update(body).digest('hex');
    return { mark, value: mark };
  }
  const value = at(parsed(body, host), pointer);
  if (value === undefined)
    throw new DataError(`${host} answered JSON without ${pointer}`, { code: 'sensor_http' });
  return { mark: JSON.stringify(value), value };
}

async function readBody(response: Response, host: string): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.byteLength;
    if (size > largestBodyBytes)
      throw new DataError(`${host} answered more than ${largestBodyBytes / 1024 / 1024} MiB`, {
        code: 'sensor_http',
      });
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function parsed(body: string, host: string): JsonValue {
  try {
    return JSON.parse(body) as JsonValue;
  } catch {
    throw new DataError(`${host} did not answer JSON`, { code: 'sensor_http' });
  }
}

/** RFC 6901. */
function at(value: JsonValue, pointer: string): JsonValue | undefined {
  let place: JsonValue | undefined = value;
  for (const part of pointer.split('/').slice(1)) {
    const key = part.replaceAll('~1', '/').replaceAll('~0', '~');
    place =
      typeof place === 'object' && place !== null
        ? (place as Readonly<Record<string, JsonValue>>)[key]
        : undefined;
  }
  return place;
}
