import type { HttpEndpoint, HttpRequest, HttpResponse } from '../connector/connection.ts';
import { ConfigError, TransientError } from '../core/errors.ts';
import {
  classify,
  type RefusedRow,
  refusalText,
  retryAfterSeconds,
  type RowResults,
  rowResults,
} from './answer.ts';
import { batchRequest } from './batch-request.ts';
import type { RateLimiter } from './rate-limiter.ts';
import type { DeliveryRow } from './record.ts';
import type { Endpoint, Sync } from './sync.ts';
import { wait } from './wait.ts';

/** How rows reach a destination. */
export interface Courier {
  readonly sync: Sync;
  readonly http: HttpEndpoint;
  readonly limiter: RateLimiter | undefined;
  readonly signal: AbortSignal;
  readonly log: (message: string) => void;
  /** Batches acknowledged so far, by all runs. */
  readonly acknowledgedBatches: () => number;
  readonly count: (what: 'requests' | 'retries' | 'limitWaits') => void;
}

/** Rows whose fate is known; to be written down before the next rows are sent. */
export interface Delivered {
  readonly accepted: readonly DeliveryRow[];
  readonly refused: readonly RefusedRow[];
}

/** Longest that one batch waits for a rate limit in all. */
const maxLimitWaitSeconds = 900;

/**
 * Sends one batch until the fate of every row is known, in as many steps as it takes: a refused batch is
 * halved until the rows to blame are alone, and rows that the answer puts off are sent again.
 */
export async function* deliver(
  courier: Courier,
  endpoint: Endpoint,
  rows: readonly DeliveryRow[],
  attempt = 1,
): AsyncGenerator<Delivered> {
  const response = await send(courier, endpoint, rows);
  if (classify(response.status) === 'refused') {
    yield* divide(courier, endpoint, rows, response);
    return;
  }
  const results = rowResults(endpoint, rows, response);
  if (results.accepted.length + results.refused.length > 0) {
    yield { accepted: results.accepted, refused: results.refused };
  }
  if (results.again.length > 0) yield* again(courier, endpoint, results, attempt, response);
}

async function* divide(
  courier: Courier,
  endpoint: Endpoint,
  rows: readonly DeliveryRow[],
  response: HttpResponse,
): AsyncGenerator<Delivered> {
  const [row] = rows;
  if (row && rows.length === 1) {
    yield { accepted: [], refused: [{ row, status: response.status, error: refusalText(response) }] };
    return;
  }
  const middle = Math.ceil(rows.length / 2);
  yield* deliver(courier, endpoint, rows.slice(0, middle));
  yield* deliver(courier, endpoint, rows.slice(middle));
}

async function* again(
  courier: Courier,
  endpoint: Endpoint,
  results: RowResults,
  attempt: number,
  response: HttpResponse,
): AsyncGenerator<Delivered> {
  const { retry } = courier.sync;
  if (attempt >= retry.maxAttempts)
    throw gaveUp(courier, `${results.again.length} rows were put off ${attempt} times`);
  courier.count('retries');
  await wait(retryAfterSeconds(response, Date.now()) ?? backoffSeconds(courier, attempt), courier.signal);
  yield* deliver(courier, endpoint, results.again, attempt + 1);
}

/** Sends one request until it is answered with something that is about its content. */
async function send(
  courier: Courier,
  endpoint: Endpoint,
  rows: readonly DeliveryRow[],
): Promise<HttpResponse> {
  const { sync, signal } = courier;
  const request = batchRequest(sync.name, endpoint, rows, courier.acknowledgedBatches());
  let limitedSeconds = 0;
  let limits = 0;
  for (let attempt = 1; ;) {
    const answer = await tryOnce(courier, request);
    const kind = answer instanceof TransientError ? 'retry' : classify(answer.status);
    if (!(answer instanceof TransientError)) {
      if (kind === 'accepted' || kind === 'refused') return answer;
      if (kind === 'setup') throw setupWrong(courier, endpoint, answer);
    }
    const told =
      answer instanceof TransientError ? answer.message : `${sync.destination} answered ${answer.status}`;
    const asked = answer instanceof TransientError ? undefined : retryAfterSeconds(answer, Date.now());
    if (kind === 'limited') {
      limits += 1;
      const seconds = asked ?? backoffSeconds(courier, limits);
      limitedSeconds += seconds;
      if (limitedSeconds > maxLimitWaitSeconds) throw gaveUp(courier, told, seconds);
      courier.count('limitWaits');
      courier.log(`${told}; waiting ${seconds} s`);
      await wait(seconds, signal);
      continue;
    }
    if (attempt >= sync.retry.maxAttempts) throw gaveUp(courier, `${told}, ${attempt} times`, asked);
    const seconds = asked ?? backoffSeconds(courier, attempt);
    courier.count('retries');
    courier.log(`${told}; trying again in ${seconds} s`);
    await wait(seconds, signal);
    attempt += 1;
  }
}

async function tryOnce(courier: Courier, request: HttpRequest): Promise<HttpResponse | TransientError> {
  await courier.limiter?.take(courier.signal);
  courier.count('requests');
  try {
    return await courier.http.request(request, courier.signal);
  } catch (error) {
    if (error instanceof TransientError) return error;
    throw error;
  }
}

function backoffSeconds({ sync }: Courier, attempt: number): number {
  return Math.min(sync.retry.delaySeconds * 2 ** (attempt - 1), sync.retry.maxDelaySeconds);
}

function gaveUp({ sync }: Courier, told: string, retryAfter?: number): TransientError {
  return new TransientError(`sync ${sync.name}: ${told}`, {
    code: 'destination_unavailable',
    origin: sync.origin,
    state: 'What the destination acknowledged is kept; the next run sends the rest.',
    next: `millrace run sync/${sync.name}`,
    ...(retryAfter === undefined ? {} : { retryAfterSeconds: retryAfter }),
  });
}

function setupWrong({ sync }: Courier, endpoint: Endpoint, response: HttpResponse): ConfigError {
  const signIn = [401, 403, 407].includes(response.status);
  return new ConfigError(
    `${sync.destination} answered ${response.status} to ${endpoint.method} ${endpoint.path}${signIn ? ': the sign-in was refused' : ''}`,
    {
      code: signIn ? 'sign_in_refused' : 'endpoint_wrong',
      origin: sync.origin,
      state: 'What the destination acknowledged is kept; the next run sends the rest.',
      next: signIn
        ? `Correct the credentials of ${sync.destination} in connections.yaml`
        : `Correct the path under endpoints, or the url of ${sync.destination} in connections.yaml`,
    },
  );
}
