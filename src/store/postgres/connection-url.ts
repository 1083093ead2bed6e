import type { ClientConfig } from 'pg';
import { ConfigError } from '../../core/errors.ts';

const connectTimeoutMilliseconds = 10_000;
/** A statement of the ledger takes milliseconds; one that takes so long has lost its server. */
const queryTimeoutMilliseconds = 15_000;
/** A process that is stopped in the middle of a transaction must not hold up the others for longer. */
const idleInTransactionMilliseconds = 10_000;
const lockTimeoutMilliseconds = 10_000;

export interface LedgerAddress {
  /** Holds the ledger's tables and nothing else. */
  readonly schema: string;
  /** `host:port/database`, without user and password. */
  readonly name: string;
  readonly client: ClientConfig;
  /** True when a server that offers no TLS is fine too (`sslmode` is `prefer` or not given). */
  readonly isTlsOptional: boolean;
}

function isPostgresUrl(text: string): boolean {
  return /^postgres(ql)?:\/\//i.test(text);
}

/**
 * Reads `postgres://user:password@host:port/database?sslmode=require&schema=shop_ledger`; `sslmode` means what it means to libpq.
 * A schema takes small letters, digits and `_`. Throws a `ConfigError` with code `ledger_schema_invalid`, or `ledger_url_invalid`, which does not hold the URL, because that holds the password.
 */
export function parseLedgerUrl(url: string, defaultSchema: string): LedgerAddress {
  const parsed = URL.canParse(url) && isPostgresUrl(url) ? new URL(url) : undefined;
  if (!parsed) {
    throw new ConfigError('The URL of the run ledger cannot be read', {
      code: 'ledger_url_invalid',
      next: 'Write postgres://user:password@host:5432/database, with %40 for @ and %2F for / in the password.',
    });
  }
  const schema = parsed.searchParams.get('schema') ?? defaultSchema;
  if (!/^[a-z_][a-z0-9_]{0,62}$/.test(schema)) throw badSchema(schema);
  parsed.searchParams.delete('schema');
  const sslMode = parsed.searchParams.get('sslmode') ?? 'prefer';
  const isTlsOptional = sslMode === 'prefer' || sslMode === 'allow';
  parsed.searchParams.set('sslmode', isTlsOptional ? 'prefer' : sslMode);
  parsed.searchParams.set('uselibpqcompat', 'true');
  const host = parsed.searchParams.get('host') ?? parsed.hostname;
  return {
    name: `${host || 'localhost'}:${parsed.port || '5432'}${parsed.pathname}`,
    schema,
    isTlsOptional,
    client: {
      connectionString: parsed.href,
      application_name: parsed.searchParams.get('application_name') ?? 'millrace ledger',
      connectionTimeoutMillis: connectTimeoutMilliseconds,
      query_timeout: queryTimeoutMilliseconds,
      statement_timeout: queryTimeoutMilliseconds,
      lock_timeout: lockTimeoutMilliseconds,
      idle_in_transaction_session_timeout: idleInTransactionMilliseconds,
      options: `-c search_path=${schema}`,
      keepAlive: true,
    },
  };
}

function badSchema(schema: string): ConfigError {
  return new ConfigError(`"${schema}" cannot name the schema of a run ledger`, {
    code: 'ledger_schema_invalid',
    next: 'Use small letters, digits and underscores, such as millrace_ledger.',
  });
}

/** The same address without TLS. */
export function withoutTls(address: LedgerAddress): LedgerAddress {
  const url = new URL(address.client.connectionString ?? '');
  url.searchParams.set('sslmode', 'disable');
  return { ...address, isTlsOptional: false, client: { ...address.client, connectionString: url.href } };
}
