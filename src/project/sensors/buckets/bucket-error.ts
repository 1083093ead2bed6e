import { CancelledError, ConfigError, type MillraceError, TransientError } from '../../../core/errors.ts';

/** What a client's error tells, of any of the clients. */
interface ClientError {
  readonly name?: unknown;
  readonly message?: unknown;
  /** A status of HTTP, or such as `ECONNREFUSED`. */
  readonly code?: unknown;
  readonly $metadata?: { readonly httpStatusCode?: unknown };
  readonly errors?: readonly unknown[];
}

const passing =
  /SlowDown|Throttl|TooManyRequests|RequestTimeout|InternalError|ServiceUnavailable|TimeoutError/;
const withoutCredentials =
  /CredentialsProviderError|default credentials|invalid_grant|security token.*expired|ExpiredToken/i;
const network = /^(E[A-Z_]+|UND_ERR_[A-Z_]+)$/;

/** An error of a client as the kind that says what to do. `place` is such as `s3://dumps`; `right` lets one list there. */
export function bucketError(error: unknown, place: string, right: string): MillraceError {
  const found = (typeof error === 'object' && error !== null ? error : {}) as ClientError;
  const name = typeof found.name === 'string' ? found.name : 'Error';
  const told = typeof found.message === 'string' ? found.message.trim() : String(error);
  const status = statusOf(found);
  if (name === 'AbortError')
    return new CancelledError(`${place}: the look was stopped`, { code: 'bucket_look' });
  const what = `${place} cannot be listed: ${status === undefined ? '' : `${status} `}${name === 'Error' ? '' : `${name}: `}${told}`;
  if (withoutCredentials.test(`${name} ${told}`))
    return new ConfigError(what, {
      code: 'bucket_credentials',
      next: 'Sign in, set the variables that the client reads, or name the credentials at the sensor.',
    });
  if (passing.test(name) || status === 429 || (status !== undefined && status >= 500) || isOfNetwork(found))
    return new TransientError(what, { code: 'bucket_away' });
  if (status === 401 || status === 403)
    return new ConfigError(what, { code: 'bucket_denied', next: `The credentials need the right ${right}.` });
  if (status === 404)
    return new ConfigError(what, {
      code: 'bucket_missing',
      next: `Correct the bucket's name in files, or its endpoint.`,
    });
  return new ConfigError(what, {
    code: 'bucket_look',
    next: 'Look at the bucket, the region and the endpoint.',
  });
}

function statusOf({ code, $metadata }: ClientError): number | undefined {
  const status = $metadata?.httpStatusCode ?? code;
  return typeof status === 'number' ? status : undefined;
}

function isOfNetwork({ code, errors }: ClientError): boolean {
  if (typeof code === 'string' && network.test(code)) return true;
  return errors?.some((error) => isOfNetwork(error as ClientError)) ?? false;
}
