import { z } from 'zod';
import { ConfigError } from '../../core/errors.ts';

const sslModes = ['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full'] as const;

/** As libpq understands them. */
export type SslMode = (typeof sslModes)[number];

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
  /** Role that sessions take after the login. */
  readonly role?: string | undefined;
  /** Settings of sessions as libpq takes them: `-c statement_timeout=5min`. */
  readonly options?: string | undefined;
  /** Seconds. */
  readonly connect_timeout: number;
  readonly channel_binding: 'disable' | 'prefer';
  readonly sslmode: SslMode;
  /** PEM itself, or files of it; relative paths start at the project folder. `sslrootcert: system` is what Node trusts. */
  readonly sslrootcert?: string | undefined;
  readonly sslcert?: string | undefined;
  readonly sslkey?: string | undefined;
  /** Of an encrypted `sslkey`. */
  readonly sslpassword?: string | undefined;
  readonly application_name: string;
  /** Readings of loads that may go on at the same time. */
  readonly max_reads?: number | undefined;
}

const pem = z.string().min(1).optional();

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
    role: z.string().min(1).optional(),
    options: z.string().min(1).optional(),
    connect_timeout: z.coerce.number().int().min(1).max(3600).default(15),
    channel_binding: z
      .enum(['disable', 'prefer', 'require'], { error: "must be 'disable' or 'prefer'" })
      .refine((value) => value !== 'require', 'cannot be required; use prefer, and sslmode: verify-full')
      .transform((value) => (value === 'disable' ? ('disable' as const) : ('prefer' as const)))
      .default('disable'),
    sslmode: z.enum(sslModes).default('prefer'),
    sslrootcert: pem,
    sslcert: pem,
    sslkey: pem,
    sslpassword: z.coerce.string().optional(),
    cert_ca_file: pem,
    cert_file: pem,
    cert_key_file: pem,
    application_name: z.string().min(1).default('millrace'),
    max_reads: z.coerce.number().int().min(1).max(64).optional(),
  })
  .transform(({ username, dbname, cert_ca_file, cert_file, cert_key_file, ...config }, context) => {
    const user = config.user ?? username;
    if (user === undefined) {
      context.addIssue({ code: 'custom', path: ['user'], message: 'name the user' });
      return z.NEVER;
    }
    return {
      ...config,
      user,
      database: config.database ?? dbname ?? user,
      sslrootcert: config.sslrootcert ?? cert_ca_file,
      sslcert: config.sslcert ?? cert_file,
      sslkey: config.sslkey ?? cert_key_file,
    };
  });

/**
 * `postgres://user:password@host:port/database?sslmode=require`. Percent signs as in any URL. Throws a
 * `ConfigError` without the URL in it, because that holds the password.
 */
export function parsePostgresUrl(url: string): Readonly<Record<string, unknown>> {
  // What stands behind a # would be left out, and what stands before a later @ be taken for a host; both are most
  // often the rest of a password.
  const isWhole = !url.includes('#') && url.indexOf('@') === url.lastIndexOf('@');
  const parsed = isWhole && URL.canParse(url) ? new URL(url) : undefined;
  if (!parsed) {
    throw new ConfigError('The URL of a PostgreSQL connection cannot be read.', {
      code: 'url_invalid',
      next: 'Write postgres://user:password@host:5432/database, with %40 for @, %2F for / and %23 for # in the password.',
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
