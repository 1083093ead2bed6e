import { CancelledError, ConfigError, type MillraceError, TransientError } from '../../core/errors.ts';

const certificateCodes = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'ERR_TLS_CERT_ALTNAME_INVALID',
]);

/**
 * What a failed `fetch` means. `place` is method, host and path, without query or credentials.
 * The cause is not kept: its text may hold the full address.
 */
export function requestError(
  error: unknown,
  place: string,
  timeoutSeconds: number,
  cancelled: boolean,
): MillraceError {
  if (cancelled) return new CancelledError(`${place} was cancelled.`, { code: 'cancelled' });
  if (error instanceof DOMException && error.name === 'TimeoutError') {
    return new TransientError(`${place} gave no complete answer within ${timeoutSeconds} s.`, {
      code: 'http_timeout',
      state: 'Whether the other side applied the request is not known.',
    });
  }
  const code = systemCode(error);
  if (code.startsWith('CERT_') || certificateCodes.has(code)) {
    return new ConfigError(`${place}: the certificate is not trusted (${code}).`, {
      code: 'http_certificate',
      state: 'Nothing was sent.',
      next: 'Correct the certificate, or name its authority in NODE_EXTRA_CA_CERTS.',
    });
  }
  return new TransientError(`${place} failed: ${code}.`, {
    code: 'http_unreachable',
    state: 'Whether the other side applied the request is not known.',
    next: 'See that the address is right and that the system is up, then run again.',
  });
}

function systemCode(error: unknown): string {
  for (let at = error; at instanceof Error; at = at.cause) {
    if ('code' in at && typeof at.code === 'string') return at.code;
  }
  return 'network error';
}
