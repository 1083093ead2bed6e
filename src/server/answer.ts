import type { Context } from 'hono';
import { ConfigError } from '../core/errors.ts';
import { jsonText } from './json-text.ts';

/** A payload as the answer's body. */
export function answer(context: Context, payload: object, status: 200 | 202 = 200): Response {
  return context.body(jsonText(payload), status, {
    'content-type': 'application/json; charset=utf-8',
    'cache-control': 'no-store',
  });
}

/** The request's body. Throws `ConfigError` `request_invalid`. */
export async function readJson(context: Context): Promise<unknown> {
  try {
    return await context.req.json();
  } catch (cause) {
    throw new ConfigError('The request body is not JSON.', {
      code: 'request_invalid',
      state: 'Nothing was done.',
      next: 'Correct the body and send it again.',
      cause,
    });
  }
}
