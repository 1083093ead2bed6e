import { DataError, TransientError } from '../../core/errors.ts';

export interface HttpPost {
  /** May hold a secret: it is in no message, its host only. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly signal: AbortSignal;
}

const timeoutMilliseconds = 10_000;

/** What a receiver does not take however often it is sent. Everything else may be mended at its end. */
const refusals: ReadonlySet<number> = new Set([400, 413, 415, 422]);

/**
 * Sends one message and resolves when the receiver has taken it. Throws a `DataError` `receiver_refused` for one that it will
 * never take, a `TransientError` `receiver_unavailable` for all else.
 */
export async function post({ url, headers, body, signal }: HttpPost): Promise<void> {
  const host = URL.parse(url)?.host ?? 'the receiver';
  const response = await fetch(url, {
    method: 'POST',
    headers,
    body,
    redirect: 'error',
    signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMilliseconds)]),
  }).catch((error: unknown) => {
    throw unavailable(`${host} cannot be reached: ${causeOf(error)}`);
  });
  const answer = await response.text().catch(() => '');
  if (response.ok) return;
  const said = `${host} answered ${response.status}${answer === '' ? '' : `: ${answer.slice(0, 200)}`}`;
  if (refusals.has(response.status)) throw new DataError(said, { code: 'receiver_refused' });
  throw unavailable(said, secondsOf(response.headers.get('retry-after')));
}

function unavailable(message: string, retryAfterSeconds?: number): TransientError {
  return new TransientError(message, {
    code: 'receiver_unavailable',
    ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
  });
}

function causeOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown';
  if (error.name === 'TimeoutError') return `no answer within ${timeoutMilliseconds / 1000} s`;
  const { cause } = error;
  return cause instanceof Error ? ((cause as NodeJS.ErrnoException).code ?? cause.message) : error.name;
}

function secondsOf(header: string | null): number | undefined {
  const seconds = header === null || header === '' ? Number.NaN : Number(header);
  return Number.isFinite(seconds) && seconds >= 0 ? seconds : undefined;
}
