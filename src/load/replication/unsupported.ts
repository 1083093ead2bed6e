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

/** Keys of systems that are no target here, with those that have them. */
const foreignTableKeys: Readonly<Record<string, string>> = {
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
  const nested = (key: string): Readonly<Record<string, unknown>> =>
    (stream[key] ?? {}) as Readonly<Record<string, unknown>>;
  const errors = known(stream, streamKeys, path, originOf);
  const keysPath = [...path, 'target_options', 'table_keys'];
  const tableKeys = (nested('target_options')['table_keys'] ?? {}) as Readonly<Record<string, unknown>>;
  for (const key of Object.keys(tableKeys)) {
    const systems = foreignTableKeys[key];
    if (systems === undefined) continue;
    const next = `Leave it out, as it is a key of ${systems}; use table_keys.index, or table_ddl`;
    errors.push(notYetSupported(`table_keys.${key}`, next, originOf([...keysPath, key])));
  }
  const mode = typeof stream['mode'] === 'string' ? stream['mode'] : '';
  const alternative = unbuiltModes[mode];
  if (alternative) errors.push(notYetSupported(`mode: ${mode}`, alternative, originOf([...path, 'mode'])));
  return errors;
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
