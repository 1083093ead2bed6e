import { isIP } from 'node:net';
import type { SslOptions } from 'mysql2';
import { z } from 'zod';
import { readPem } from '../../connector/pem-file.ts';
import { ConfigError } from '../../core/errors.ts';

export type SslMode = 'disable' | 'prefer' | 'require' | 'verify-ca' | 'verify-full';

/** Keys of a `mysql` connection. */
export interface MysqlConfig {
  readonly host: string;
  /** Address to connect to instead of `host`'s; `host` is still what TLS verifies. */
  readonly hostaddr?: string | undefined;
  readonly port: number;
  readonly user: string;
  readonly password?: string | undefined;
  /** Where tables without a schema are; MySQL calls a schema a database. */
  readonly database?: string | undefined;
  readonly sslmode: SslMode;
  /** PEM itself, or files of it; relative paths start at the project folder. */
  readonly sslrootcert?: string | undefined;
  readonly sslcert?: string | undefined;
  readonly sslkey?: string | undefined;
  readonly connect_timeout: number;
  /** Readings of loads that may go on at the same time. */
  readonly max_reads?: number | undefined;
  /** What dates with a month or day of zero, or one that no calendar has, are read as. */
  readonly zero_dates: 'error' | 'null';
  /** `tinyint(1)` holds -128 to 127, so it is a number unless somebody says that it holds 0 and 1. */
  readonly tinyint1: 'integer' | 'boolean';
  /** TIME holds -838 to 838 hours: a time of day, or with `interval` a duration. */
  readonly times: 'time' | 'interval';
}

/** What MySQL's own clients call them. */
const ownSslModes: Readonly<Record<string, SslMode>> = {
  disabled: 'disable',
  preferred: 'prefer',
  required: 'require',
  verify_ca: 'verify-ca',
  verify_identity: 'verify-full',
};

const pem = z.string().min(1).optional();

export const mysqlConfig: z.ZodType<MysqlConfig> = z
  .strictObject({
    host: z.string().min(1).default('localhost'),
    hostaddr: z.string().min(1).optional(),
    port: z.coerce.number().int().min(1).max(65_535).default(3306),
    user: z.string().min(1).optional(),
    username: z.string().min(1).optional(),
    password: z.coerce.string().optional(),
    database: z.string().min(1).optional(),
    schema: z.string().min(1).optional(),
    sslmode: z
      .preprocess(
        (mode) =>
          (typeof mode === 'string' ? ownSslModes[mode.toLowerCase().replaceAll('-', '_')] : undefined) ??
          mode,
        z.enum(['disable', 'prefer', 'require', 'verify-ca', 'verify-full']),
      )
      .default('prefer'),
    sslrootcert: pem,
    sslcert: pem,
    sslkey: pem,
    cert_ca_file: pem,
    cert_file: pem,
    cert_key_file: pem,
    connect_timeout: z.coerce.number().int().min(1).max(3600).default(15),
    max_reads: z.coerce.number().int().min(1).max(64).optional(),
    zero_dates: z
      .union([z.enum(['error', 'null']), z.null()])
      .transform((value) => value ?? 'null')
      .default('error'),
    tinyint1: z.enum(['integer', 'boolean']).default('integer'),
    times: z.enum(['time', 'interval']).default('time'),
  })
  .transform(({ username, schema, cert_ca_file, cert_file, cert_key_file, ...config }, context) => {
    const user = config.user ?? username;
    if (user === undefined) {
      context.addIssue({ code: 'custom', path: ['user'], message: 'name the user' });
      return z.NEVER;
    }
    return {
      ...config,
      user,
      database: config.database ?? schema,
      sslrootcert: config.sslrootcert ?? cert_ca_file,
      sslcert: config.sslcert ?? cert_file,
      sslkey: config.sslkey ?? cert_key_file,
    };
  });

/**
 * `mysql://user:password@host:port/database?sslmode=require`. Percent signs as in any URL. Throws a
 * `ConfigError` without the URL in it, because that holds the password.
 */
export function parseMysqlUrl(url: string): Readonly<Record<string, unknown>> {
  try {
    // What stands behind a # would be left out, and what stands before a later @ be taken for a host; both are most
    // often the rest of a password.
    if (url.includes('#') || url.indexOf('@') !== url.lastIndexOf('@'))
      throw new Error('a rest of a password');
    const parsed = new URL(url);
    const given = {
      host: decodeURIComponent(parsed.hostname.replace(/^\[(.*)\]$/, '$1')),
      port: parsed.port,
      user: decodeURIComponent(parsed.username),
      password: decodeURIComponent(parsed.password),
      database: decodeURIComponent(parsed.pathname.replace(/^\//, '')),
    };
    const present = Object.entries(given).filter(([, value]) => value !== '');
    return { ...Object.fromEntries(present), ...Object.fromEntries(parsed.searchParams) };
  } catch {
    throw new ConfigError('The URL of a MySQL connection cannot be read.', {
      code: 'url_invalid',
      next: 'Write mysql://user:password@host:3306/database, with %40 for @, %2F for /, %23 for # and %25 for % in the password.',
    });
  }
}

/**
 * What TLS is asked for, as libpq understands `sslmode`; undefined for none. The driver compares certificates
 * with names only (an address would pass as `localhost`), so `verify-full` of an address is refused.
 */
export function tlsOptions(
  connection: string,
  config: MysqlConfig,
  projectFolder: string,
): SslOptions | undefined {
  if (config.sslmode === 'disable') return undefined;
  if (config.sslmode === 'verify-full' && isIP(config.host) !== 0) {
    throw new ConfigError(
      `Connection ${connection}: sslmode: verify-full compares the certificate with a host name, and host is the address ${config.host}.`,
      {
        code: 'host_not_a_name',
        next: `Write the host of ${connection} by its name, or use sslmode: verify-ca.`,
      },
    );
  }
  const read = (key: 'sslrootcert' | 'sslcert' | 'sslkey'): string | undefined => {
    const written = config[key];
    return written === undefined ? undefined : readPem(connection, key, written, projectFolder);
  };
  const ca = read('sslrootcert');
  const cert = read('sslcert');
  const key = read('sslkey');
  return {
    rejectUnauthorized:
      config.sslmode.startsWith('verify') || (config.sslmode === 'require' && ca !== undefined),
    verifyIdentity: config.sslmode === 'verify-full',
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
  };
}
