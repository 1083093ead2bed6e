import { ConfigError } from '../../core/errors.ts';
import type { ConnectionDeclaration } from './connections-file.ts';

/** Keys of Sling that choose between ways of loading: Millrace finds the fastest by itself, so they are accepted. */
const withoutEffect: ReadonlySet<string> = new Set([
  'use_bulk',
  'allow_bulk_import',
  'allow_bulk_export',
  'copy_method',
  'copy_chunk_size',
  'duckdb_version',
  'interactive',
  'max_conns',
]);

const refused: Readonly<Record<string, string>> = {
  proxy_url: 'Go through an SSH server: ssh_tunnel: ssh://user@host:22',
  use_adbc: 'Take it out: tables are read by COPY BINARY, which needs no ADBC driver',
  adbc_uri: 'Write url:, or host, user, password and database',
  conn_string: 'Write url:, or host, user, password and database',
  warehouse: 'Take it out; only Snowflake has it, which is not yet supported',
  url_template: 'Write url:',
};

/**
 * What the connector is to read of a connection's keys.
 * @throws ConfigError for a key of Sling that would change what happens, and is not built
 */
export function connectorKeys(
  { name, origin }: ConnectionDeclaration,
  written: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  for (const [key, next] of Object.entries(refused)) {
    if (written[key] === undefined) continue;
    throw new ConfigError(`connection ${name}: '${key}' is not supported`, {
      code: 'not_yet_supported',
      origin,
      state: 'It is a known key of connections, and is not ignored in silence',
      next,
    });
  }
  return Object.fromEntries(Object.entries(written).filter(([key]) => !withoutEffect.has(key)));
}
