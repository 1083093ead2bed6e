import { FatalError, TransientError } from '../../core/errors.ts';
import type { JsonObject, JsonValue } from '../../core/json.ts';
import type { HttpHook } from '../replication/hook.ts';
import { writeText } from './file-hook.ts';
import type { HookPlace } from './hook-place.ts';
import { fillText, fillValue } from './hook-text.ts';

const httpTimeoutSeconds = 60;

/** Sends a request; `response` holds `status`, `text`, and `json` if it is that. */
export async function sendRequest(hook: HttpHook, name: string, place: HookPlace): Promise<JsonObject> {
  const body = hook.payload === undefined ? undefined : payloadText(hook.payload, place);
  const headers = Object.entries(hook.headers ?? {}).map(
    ([key, value]) => [key, fillText(value, place)] as const,
  );
  const response = await fetch(fillText(hook.url, place), {
    method: hook.method ?? (body === undefined ? 'GET' : 'POST'),
    headers: {
      ...(typeof hook.payload === 'object' ? { 'content-type': 'application/json' } : {}),
      ...Object.fromEntries(headers),
    },
    ...(body === undefined ? {} : { body }),
    signal: AbortSignal.any([place.context.signal, AbortSignal.timeout(httpTimeoutSeconds * 1000)]),
  }).catch((error: unknown) => {
    throw new TransientError(`hook ${name}: the address did not answer`, {
      code: 'http_unreachable',
      cause: error,
    });
  });
  const text = await response.text();
  if (response.ok) {
    if (hook.write_to !== undefined) await writeText(hook.write_to, text, place);
    return { status: 'success', response: { status: response.status, text, json: jsonOf(text) } };
  }
  const Failure = response.status >= 500 || response.status === 429 ? TransientError : FatalError;
  throw new Failure(`hook ${name}: the address answered ${response.status}`, {
    code: 'http_failed',
    origin: place.origin,
  });
}

/** A text as it is, a map or list as JSON, with the variables in it filled. */
function payloadText(payload: NonNullable<HttpHook['payload']>, place: HookPlace): string {
  return typeof payload === 'string' ? fillText(payload, place) : JSON.stringify(fillValue(payload, place));
}

function jsonOf(text: string): JsonValue {
  try {
    return JSON.parse(text) as JsonValue;
  } catch {
    return null;
  }
}
