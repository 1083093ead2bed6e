import { ConfigError } from '../core/errors.ts';
import type { JsonObject } from '../core/json.ts';
import { isJsonRecord, toJsonValue, plainText } from './files/plain-value.ts';
import type { OpeningStatement } from './reading/transform-options.ts';
import type { ProfileTarget } from './files/profiles-file.ts';

/** A profile's output as a connection and what is built there. */
export interface ProfileConnection {
  readonly type: 'duckdb' | 'postgres';
  /** Keys of Millrace's connection of that type. */
  readonly config: Readonly<Record<string, unknown>>;
  readonly schema: string;
  readonly openingStatements: readonly OpeningStatement[];
  /** Names of other databases that sources may lie in. */
  readonly attachedDatabases: readonly string[];
  /** Keys that templates see in `target`; nothing secret. */
  readonly targetValues: JsonObject;
}

/** Throws a ConfigError for an adapter or a key that would change the outcome and is not supported. */
export function profileConnection(target: ProfileTarget): ProfileConnection {
  if (target.type === 'duckdb') return duckdbConnection(target);
  if (target.type === 'postgres') return postgresConnection(target);
  throw new ConfigError(`the adapter "${target.type}" is not supported: there are duckdb and postgres`, {
    code: 'not_yet_supported',
    origin: target.origin,
    next: 'Choose another target: --target',
  });
}

const duckdbUnsupported = [
  'secrets',
  'filesystems',
  'plugins',
  'remote',
  'motherduck_token',
  'use_credential_provider',
];

function duckdbConnection(target: ProfileTarget): ProfileConnection {
  const { settings } = target;
  refuse(target, duckdbUnsupported);
  const path = typeof settings['path'] === 'string' ? settings['path'] : ':memory:';
  return {
    type: 'duckdb',
    config: {
      path: path.replace(/^duckdb:\/\//, ''),
      ...(isJsonRecord(settings['config_options']) &&
      settings['config_options']['access_mode'] === 'read_only'
        ? { read_only: true }
        : {}),
    },
    schema: target.schema ?? 'main',
    openingStatements: duckdbStatements(target),
    attachedDatabases: listOf(settings['attach']).flatMap((entry) =>
      isJsonRecord(entry) && typeof entry['alias'] === 'string' ? [entry['alias']] : [],
    ),
    targetValues: publicValues(target, ['path', 'schema', 'threads', 'type']),
  };
}

function duckdbStatements({ settings, origin }: ProfileTarget): readonly OpeningStatement[] {
  const extensions = listOf(settings['extensions']).map((extension) => {
    const name = isJsonRecord(extension) ? String(extension['name']) : String(extension);
    const from = isJsonRecord(extension) ? ` from ${String(extension['repo'])}` : '';
    return { sql: `load ${name}`, before: [`install ${name}${from}`] };
  });
  const values = isJsonRecord(settings['settings']) ? Object.entries(settings['settings']) : [];
  const attached = listOf(settings['attach']).map((entry) => {
    if (!isJsonRecord(entry) || typeof entry['path'] !== 'string') {
      throw new ConfigError('an entry of "attach" needs a "path"', { code: 'profile_invalid', origin });
    }
    const options = [
      ...(entry['type'] === undefined ? [] : [`type ${plainText(entry['type'])}`]),
      ...(entry['read_only'] === true ? ['read_only'] : []),
    ];
    const alias =
      entry['alias'] === undefined ? '' : ` as "${plainText(entry['alias']).replaceAll('"', '""')}"`;
    return `attach if not exists ${textLiteral(entry['path'])}${alias}${options.length === 0 ? '' : ` (${options.join(', ')})`}`;
  });
  return [
    ...extensions,
    ...values.map(([key, value]) => ({ sql: `set global ${key} = ${literal(value)}` })),
    ...attached.map((sql) => ({ sql })),
  ];
}

function postgresConnection(target: ProfileTarget): ProfileConnection {
  const { settings } = target;
  refuse(target, ['sslpassword', 'role', 'search_path']);
  const { host, port, user, sslmode, sslrootcert, sslcert, sslkey } = settings;
  const given = {
    host,
    port,
    user,
    password: settings['password'] ?? settings['pass'],
    database: settings['dbname'] ?? settings['database'],
    sslmode,
    sslrootcert,
    sslcert,
    sslkey,
  };
  if (target.schema === undefined) {
    throw new ConfigError('a postgres target needs a "schema"', {
      code: 'profile_invalid',
      origin: target.origin,
    });
  }
  return {
    type: 'postgres',
    config: Object.fromEntries(
      Object.entries(given).filter(([, value]) => value !== undefined && value !== null && value !== ''),
    ),
    schema: target.schema,
    openingStatements: [],
    attachedDatabases: [],
    targetValues: publicValues(target, [
      ...['host', 'port', 'user', 'schema', 'threads', 'type', 'sslmode', 'sslrootcert', 'connect_timeout'],
      ...['role', 'search_path', 'keepalives_idle', 'application_name'],
    ]),
  };
}

function publicValues({ settings }: ProfileTarget, keys: readonly string[]): JsonObject {
  return Object.fromEntries(
    keys.flatMap((key) => (settings[key] === undefined ? [] : [[key, toJsonValue(settings[key])]])),
  );
}

function refuse({ settings, origin }: ProfileTarget, keys: readonly string[]): void {
  const found = keys.find((key) => settings[key] !== undefined && settings[key] !== null);
  if (found === undefined) return;
  throw new ConfigError(`the key "${found}" of a profile is not supported`, {
    code: 'not_yet_supported',
    origin,
    next: 'Remove it, or make a Millrace project with connections.yaml.',
  });
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function literal(value: unknown): string {
  return typeof value === 'number' || typeof value === 'boolean'
    ? String(value)
    : textLiteral(plainText(value));
}

function textLiteral(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
