import type { YamlPath } from '../../config/yaml-file.ts';
import { ConfigError } from '../../core/errors.ts';
import type { Origin } from '../../core/origin.ts';

const insteadOfChangeCapture: string =
  'Use mode: incremental with update_key and primary_key, and delete_missing for rows that are gone. The log of a database is not read: that takes a slot, which fills the disk of the source while nobody reads it, and rights that few readers have';

/** Keys of the format that are known but not built, with what to do instead. */
const streamKeys: Readonly<Record<string, string>> = {
  change_capture_options: insteadOfChangeCapture,
};

/** Hook types of the format that are not built, with what to do instead. */
export const unbuiltHookTypes: Readonly<Record<string, string>> = {
  run: 'Use type: replication with the path of its file, or make the other load a stream',
};

/** Keys of hooks, by type, that Sling obeys and that are not built: without them a hook would do something else. */
const unbuiltHookKeys: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  command: { ssh_conn: 'Reach the machine in the command itself: ssh user@host command' },
  query: { operation: 'Write the SQL under query:', params: 'Write the SQL under query:' },
  check: { vars: 'Keep the values by a step of type store, and name them store.NAME' },
};

/** What to do instead of a key of a hook that is known and not built; undefined for one that nobody knows. */
export function insteadOfHookKey(type: unknown, key: string): string | undefined {
  return typeof type === 'string' ? unbuiltHookKeys[type]?.[key] : undefined;
}

/** Keys of systems that are no target here, with those that have them. */
const systemsOfTableKeys: Readonly<Record<string, string>> = {
  cluster: 'BigQuery and Snowflake',
  partition: 'BigQuery, ClickHouse and Iceberg',
  sort: 'Redshift',
  distribution: 'Redshift and StarRocks',
  hash: 'StarRocks',
  duplicate: 'StarRocks',
  aggregate: 'StarRocks',
  update: 'StarRocks',
};

const unbuiltModes: Readonly<Record<string, string>> = {
  'change-capture': insteadOfChangeCapture,
};

/** A key of a stream (or of the defaults) that is not built: its path and the error for it. */
export function unsupportedStreamKeys(
  stream: Readonly<Record<string, unknown>>,
  path: YamlPath,
  originOf: (path: YamlPath) => Origin,
): ConfigError[] {
  const errors = known(stream, streamKeys, path, originOf);
  const mode = typeof stream['mode'] === 'string' ? stream['mode'] : '';
  const alternative = unbuiltModes[mode];
  if (alternative) errors.push(notYetSupported(`mode: ${mode}`, alternative, originOf([...path, 'mode'])));
  return errors;
}

/** The keys of other systems among `table_keys`, which Sling passes over too, each with the systems that have it. */
export function foreignTableKeys(
  tableKeys: Readonly<Record<string, unknown>>,
): readonly (readonly [key: string, systems: string])[] {
  return Object.keys(tableKeys).flatMap((key) => {
    const systems = systemsOfTableKeys[key];
    return systems === undefined ? [] : [[key, systems] as const];
  });
}

export function notYetSupported(key: string, alternative: string, origin: Origin): ConfigError {
  return new ConfigError(`'${key}' is not yet supported`, {
    code: 'not_yet_supported',
    origin,
    state: 'It is a known key of replication files, and is not ignored in silence',
    next: alternative,
  });
}

function known(
  values: Readonly<Record<string, unknown>>,
  table: Readonly<Record<string, string>>,
  path: YamlPath,
  originOf: (path: YamlPath) => Origin,
): ConfigError[] {
  return Object.keys(values).flatMap((key) => {
    const alternative = table[key];
    if (alternative === undefined || values[key] === undefined) return [];
    return [notYetSupported(key, alternative, originOf([...path, key]))];
  });
}
