import { isIP } from 'node:net';
import { resolve } from 'node:path';
import type { ConnectionOptions } from 'node:tls';
import { z } from 'zod';
import { readPem } from '../../connector/pem-file.ts';
import { ConfigError } from '../../core/errors.ts';

export type SslMode = 'disable' | 'prefer' | 'require' | 'verify-ca' | 'verify-full';

/** Keys of a `postgres` connection. */
export interface PostgresConfig {
  readonly host: string;
  /** Address to connect to instead of `host`'s, as in libpq; `host` is still what TLS verifies. */
  readonly hostaddr?: string | undefined;
  readonly port: number;
  readonly user: string;
  readonly password?: string | undefined;
  readonly database: string;
  /** Used where a table name comes without one. */
  readonly schema?: string | undefined;
  readonly sslmode: SslMode;
  /** PEM files; relative paths start at the project folder. */
  readonly sslrootcert?: string | undefined;
  readonly sslcert?: string | undefined;
  readonly sslkey?: string | undefined;
  readonly application_name: string;
  /** Readings of loads that may go on at the same time. */
  readonly max_reads?: number | undefined;
}

export const postgresConfig: z.ZodType<PostgresConfig> = z
  .strictObject({
    host: z.string().min(1).default('localhost'),
    hostaddr: z.string().min(1).optional(),
    port: z.coerce.number().int().min(1).max(65_535).default(5432),
    user: z.string().min(1).optional(),
    username: z.string().min(1).optional(),
    password: z.coerce.string().optional(),
    database: z.string().min(1).optional(),
    dbname: z.string().min(1).optional(),
    schema: z.string().min(1).optional(),
    sslmode: z.enum(['disable', 'prefer', 'require', 'verify-ca', 'verify-full']).default('prefer'),
    sslrootcert: z.string().min(1).optional(),
    sslcert: z.string().min(1).optional(),
    sslkey: z.string().min(1).optional(),
    application_name: z.string().min(1).default('millrace'),
    max_reads: z.coerce.number().int().min(1).max(64).optional(),
  })
  .transform(({ username, dbname, ...config }, context) => {
    const user = config.user ?? username;
    if (user === undefined) {
      context.addIssue({ code: 'custom', path: ['user'], message: 'name the user' });
      return z.NEVER;
    }
    return { ...config, user, database: config.database ?? dbname ?? user };
  });

/**
 * `postgres://user:password@host:port/database?sslmode=require`. Percent signs as in any URL. Throws a
 * `ConfigError` without the URL in it, because that holds the password.
 */
export function parsePostgresUrl(url: string): Readonly<Record<string, unknown>> {
  let parsed: URL;
  try {
    parsed = new URL(url);
  } catch {
    throw new ConfigError('The URL of a PostgreSQL connection cannot be read.', {
      code: 'url_invalid',
      next: 'Write postgres://user:password@host:5432/database, with %40 for @ and %2F for / in the password.',
    });
  }
  const path = decodeURIComponent(parsed.pathname.replace(/^\//, ''));
  const given = {
    host: decodeURIComponent(parsed.hostname.replace(/^\[(.*)\]$/, '$1')),
    port: parsed.port,
    user: decodeURIComponent(parsed.username),
    password: decodeURIComponent(parsed.password),
    database: path,
  };
  const present = Object.entries(given).filter(([, value]) => value !== '');
  return { ...Object.fromEntries(present), ...Object.fromEntries(parsed.searchParams) };
}

/** What TLS is asked for, as libpq understands `sslmode`; undefined for none. */
export function tlsOptions(
  connection: string,
  config: PostgresConfig,
  projectFolder: string,
): ConnectionOptions | undefined {
  if (config.sslmode === 'disable') return undefined;
  const read = (key: 'sslrootcert' | 'sslcert' | 'sslkey'): string | undefined => {
    const path = config[key];
    return path === undefined ? undefined : readPem(connection, key, resolve(projectFolder, path));
  };
  const ca = read('sslrootcert');
  const cert = read('sslcert');
  const key = read('sslkey');
  const verifies = config.sslmode.startsWith('verify') || (config.sslmode === 'require' && ca !== undefined);
  return {
    rejectUnauthorized: verifies,
    ...(config.sslmode === 'verify-full' ? {} : { checkServerIdentity: () => undefined }),
    ...(config.hostaddr === undefined || isIP(config.host) ? {} : { servername: config.host }),
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
  };
}
