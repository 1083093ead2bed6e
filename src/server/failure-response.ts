import type { Context } from 'hono';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import { toFailure, type ErrorKind, type Failure } from '../core/errors.ts';
import { jsonText } from './json-text.ts';
import type { ErrorPayload } from './contract.ts';

const statusOfKind: Readonly<Record<ErrorKind, ContentfulStatusCode>> = {
  config: 400,
  data: 422,
  cancelled: 409,
  transient: 503,
  fatal: 500,
};

/** Answers with a failure as `ErrorPayload`. */
export function failureResponse(context: Context, status: ContentfulStatusCode, failure: Failure): Response {
  const payload: ErrorPayload = { error: failure };
  return context.body(jsonText(payload), status, { 'content-type': 'application/json; charset=utf-8' });
}

/** Answers with whatever was thrown; the kind of the error decides the status. */
export function thrownResponse(context: Context, error: unknown): Response {
  const failure = toFailure(error);
  return failureResponse(context, statusOfKind[failure.kind], failure);
}
