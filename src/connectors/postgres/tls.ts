import { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { checkServerIdentity, type ConnectionOptions, createSecureContext } from 'node:tls';
import { readPem } from '../../connector/pem-file.ts';
import { ConfigError } from '../../core/errors.ts';
import type { PostgresConfig } from './config.ts';

/** A way to reach the server: with TLS, or without when it is undefined. */
export type TlsWay = ConnectionOptions | undefined;

/**
 * The ways that `sslmode` allows, in the order in which they are tried, as in libpq. Never empty.
 * @throws ConfigError for certificates that cannot be read or do not fit together
 */
export function tlsWays(
  connection: string,
  config: PostgresConfig,
  projectFolder: string,
): readonly TlsWay[] {
  if (config.sslmode === 'disable') return [undefined];
  const tls = tlsOptions(connection, config, projectFolder);
  if (config.sslmode === 'allow') return [undefined, tls];
  return config.sslmode === 'prefer' ? [tls, undefined] : [tls];
}

function tlsOptions(connection: string, config: PostgresConfig, projectFolder: string): ConnectionOptions {
  const read = (key: 'sslrootcert' | 'sslcert' | 'sslkey'): string | undefined => {
    const written = config[key];
    if (written === undefined || (key === 'sslrootcert' && written === 'system')) return undefined;
    return readPem(connection, key, written, projectFolder);
  };
  const ca = read('sslrootcert');
  const cert = read('sslcert');
  const key = read('sslkey');
  requirePair(connection, cert, key);
  const own = {
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    ...(config.sslpassword === undefined ? {} : { passphrase: config.sslpassword }),
  };
  try {
    for (const certificate of [ca, cert]) if (certificate !== undefined) requireCertificate(certificate);
    createSecureContext(own);
  } catch (error) {
    throw certificateInvalid(connection, error);
  }
  const verifies = config.sslmode.startsWith('verify') || (config.sslmode === 'require' && ca !== undefined);
  return {
    ...own,
    rejectUnauthorized: verifies,
    // Through a tunnel the address is another one than the name that the certificate is for.
    checkServerIdentity: (_host, certificate) =>
      config.sslmode === 'verify-full' ? checkServerIdentity(config.host, certificate) : undefined,
    ...(isIP(config.host) ? {} : { servername: config.host }),
  };
}

function requirePair(connection: string, cert: string | undefined, key: string | undefined): void {
  if ((cert === undefined) === (key === undefined)) return;
  const [given, missing] = cert === undefined ? ['sslkey', 'sslcert'] : ['sslcert', 'sslkey'];
  throw new ConfigError(`Connection ${connection}: ${given} is given without ${missing}.`, {
    code: 'certificate_invalid',
    next: `Add ${missing}: a client certificate needs both.`,
  });
}

/** OpenSSL takes an authority that is none for no authority at all. */
function requireCertificate(pem: string): string {
  return new X509Certificate(pem).subject;
}

/** What OpenSSL says about certificates, without what is in them. */
function certificateInvalid(connection: string, error: unknown): ConfigError {
  const { code = '', message = '' } = error as { code?: string; message?: string };
  const isEncrypted =
    /BAD_DECRYPT|INTERRUPTED_OR_CANCELLED|BAD_PASSWORD/.test(code) || /passphrase/i.test(message);
  return new ConfigError(
    isEncrypted
      ? `Connection ${connection}: sslkey is encrypted, and sslpassword does not open it.`
      : `Connection ${connection}: sslrootcert, sslcert and sslkey are not certificates that fit together (${code}).`,
    {
      code: 'certificate_invalid',
      next: isEncrypted
        ? `Correct sslpassword of ${connection}.`
        : 'Write each as PEM or as the path of a PEM file; sslkey must be the key of sslcert.',
    },
  );
}
