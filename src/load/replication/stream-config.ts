import type { YamlPath } from '../../config/yaml-file.ts';
import { ConfigError } from '../../core/errors.ts';
import { isNodeKey } from '../../core/node.ts';
import type { Origin } from '../../core/origin.ts';
import { streamHooks } from './hook-list.ts';
import { partsPattern, pathParts } from './path-parts.ts';
import { chunkOptions } from './chunk-options.ts';
import { parseColumns } from './column-cast.ts';
import { metadataOf } from './column-metadata.ts';
import { columnTransforms } from './column-transforms.ts';
import { switchRemarks } from './file-switches.ts';
import { isWildcard } from './glob.ts';
import { variablesIn } from './template.ts';
import { constraintFailure, constraintSwitch } from './constraint-failure.ts';
import { keptPromises } from './kept-promises.ts';
import { withLegacyOptions } from './legacy-options.ts';
import type { LoadMode, StreamConfig, StreamMeta } from './replication.ts';
import { withRoutines } from './routines.ts';
import type { StreamYaml } from './schema.ts';
import { selectedColumns } from './selected-columns.ts';
import { checkMode } from './stream-mode.ts';
import type { StreamOrigins } from './stream-origins.ts';
import { namedByRule, targetOptions } from './target-options.ts';
import { updateRange, type UpdateRange } from './update-range.ts';
import { list, optional, pick } from './written-values.ts';

/** Keys of `source_options` that the source connector reads; `limit` is ours. */
const connectorSourceOptions = [
  'empty_as_null',
  'header',
  'compression',
  'format',
  'null_if',
  'datetime_format',
  'skip_blank_lines',
  'skip_lines',
  'delimiter',
  'escape',
  'quote',
  'encoding',
  'flatten',
  'jmespath',
  'jq',
  'sheet',
  'offset',
  'fields_per_rec',
  'max_decimals',
] as const;

/** A query may compute for long before its first row, but hardly that long. */
const defaultStallSeconds = 900;
/** What a stopped run has read gets old; after this it is read anew. */
const defaultResumeHours = 6;

/**
 * A stream, its defaults worked in, as the load engine needs it.
 * @throws ConfigError for what contradicts itself
 */
export function streamConfig(given: string, written: StreamYaml, origins: StreamOrigins): StreamConfig {
  const name = partsPattern(given, written.source_options?.['format']);
  const parts = pathParts(written.object ?? '', origins.of(['object']));
  const plain = withLegacyOptions(written, (key) => origins.of(['source_options', key]));
  // The update key of parts says where rows go, not that they are added.
  const stream = parts && !plain.mode ? { ...plain, mode: 'full-refresh' } : plain;
  const metadata = metadataOf(origins.environment, stream.meta?.millrace?.columns ?? [], origins.key);
  const { casts, rules } = parseColumns(stream.columns ?? {}, (column) => origins.of(['columns', column]));
  const declaredKey = list(stream.primary_key);
  const primaryKey = declaredKey.length > 0 ? declaredKey : namedByRule(rules, (rule) => rule.primaryKey);
  const updateKey = stream.update_key === '' ? undefined : stream.update_key;
  if (stream.object === undefined && stream.disabled !== true) throw objectMissing(name, origins.key);
  if (parts && updateKey === undefined) throw updateKeyOfParts(name, origins.of(['object']));
  const isOfFiles = name.startsWith('file://') || stream.single === true;
  const isOfEach = variablesIn(stream.sql ?? '').some((variable) => variable.startsWith('stream_'));
  if (stream.sql !== undefined && isWildcard(name) && !isOfFiles && !isOfEach) {
    throw new ConfigError(`the stream '${name}' is a wildcard and has sql without a {stream_name}`, {
      code: 'stream_contradictory',
      origin: origins.of(['sql']),
      next: 'Write {stream_name} into the query, or give it a stream name of its own; a pattern of files begins with file://',
    });
  }
  const select = selectedColumns(
    list(stream.select),
    { casts, rules, sql: stream.sql },
    origins.of(['select']),
  );
  const limit = stream.source_options?.limit;
  return {
    name,
    ...optional('id', stream.id),
    description: stream.description ?? '',
    origin: origins.key,
    objectOrigin: origins.of(['object']),
    mode: modeOf(name, stream, primaryKey, updateKey, origins),
    object: parts?.folder ?? stream.object ?? '',
    select,
    ...optional('where', stream.where?.trim() ? stream.where.trim() : undefined),
    primaryKey,
    ...optional('updateKey', updateKey),
    ...optional('sql', stream.sql === undefined ? undefined : query(stream.sql)),
    tags: list(stream.tags),
    schedule: list(stream.schedule),
    disabled: stream.disabled ?? false,
    single: stream.single ?? false,
    casts,
    rules,
    transforms:
      stream.transforms === undefined ? [] : columnTransforms(stream.transforms, origins.of(['transforms'])),
    sourceOptions: {
      ...pick(stream.source_options ?? {}, connectorSourceOptions),
      ...optional('files', streamFiles(name, stream.files)),
    },
    ...optional('limit', limit === 0 ? undefined : limit),
    ...optional('range', readRange(name, stream, updateKey, origins)),
    ...optional(
      'chunks',
      chunkOptions(stream.source_options ?? {}, (key) => origins.of(['source_options', key])),
    ),
    settleDelaySeconds: stream.meta?.millrace?.settle_delay_seconds ?? 0,
    maxRejects: stream.meta?.millrace?.max_rejects ?? 0,
    lookbackSeconds: stream.meta?.millrace?.lookback_seconds ?? 0,
    nullUpdateKey: stream.meta?.millrace?.null_update_key ?? 'read',
    ...optional('parallelChunks', stream.meta?.millrace?.parallel_chunks),
    stallSeconds: stream.meta?.millrace?.stall_seconds ?? defaultStallSeconds,
    resumeHours: stream.meta?.millrace?.resume_hours ?? defaultResumeHours,
    target: {
      ...targetOptions(name, withFormat(stream, parts?.format), { primaryKey, rules }, origins),
      ...optional('parts', parts?.levels),
    },
    ...optional('loadedAt', metadata.loadedAt),
    metadata: metadata.columns,
    onConstraintFailure: constraintFailure(origins.environment[constraintSwitch] ?? '', origins.key),
    hooks: streamHooks(
      withRoutines(stream.hooks ?? {}, origins.environment, origins.of(['hooks'])) as NonNullable<
        StreamYaml['hooks']
      >,
      {
        originOf: (path) => origins.of(['hooks', ...path]),
        mayRunCommands: origins.mayRunCommands,
        warn: origins.warn,
      },
    ),
    meta: readMeta(stream, origins),
    remarks: [...switchRemarks(origins.environment), ...keptPromises(stream.target_options ?? {})],
  };
}

/** The name of a table stands for all of it. */
function query(sql: string): string {
  const text = sql.trim().replace(/;\s*$/, '');
  return /^[\w.$"`]+$/.test(text) ? `select * from ${text}` : text;
}

function modeOf(
  name: string,
  stream: StreamYaml,
  primaryKey: readonly string[],
  updateKey: string | undefined,
  origins: StreamOrigins,
): LoadMode {
  const hasKey = primaryKey.length > 0 || updateKey !== undefined;
  const mode = stream.mode === undefined || stream.mode === '' ? undefined : stream.mode;
  if (mode !== undefined) checkMode(mode, origins.of(['mode']));
  if (mode === undefined) return hasKey ? 'incremental' : 'full-refresh';
  if (mode === 'incremental' && !hasKey) {
    throw new ConfigError(`the stream '${name}' is incremental and has neither primary_key nor update_key`, {
      code: 'key_missing',
      origin: origins.of(['mode']),
      next: 'Add primary_key:, update_key: or both, or use mode: full-refresh',
    });
  }
  if (mode === 'backfill' && (updateKey === undefined || primaryKey.length === 0)) {
    throw new ConfigError(`the stream '${name}' is a backfill and lacks primary_key or update_key`, {
      code: 'key_missing',
      origin: origins.of(['mode']),
      next: 'Add both: rows in the range of the update_key are merged by the primary_key',
    });
  }
  return mode as LoadMode;
}

function readRange(
  name: string,
  stream: StreamYaml,
  updateKey: string | undefined,
  origins: StreamOrigins,
): UpdateRange | undefined {
  const range = stream.source_options?.['range'];
  if (range === undefined || range === '') {
    if (stream.mode !== 'backfill') return undefined;
    throw new ConfigError(`the stream '${name}' is a backfill and has no range`, {
      code: 'key_missing',
      origin: origins.of(['mode']),
      next: "Add source_options: { range: '2024-01-01,2024-01-31' }",
    });
  }
  const origin = origins.of(['source_options', 'range']);
  if (updateKey === undefined) {
    throw new ConfigError(`the stream '${name}' has a range and no update_key that it is of`, {
      code: 'key_missing',
      origin,
      next: 'Add update_key:, or say it in where:',
    });
  }
  return updateRange(typeof range === 'string' ? range : JSON.stringify(range), origin);
}

function readMeta(stream: StreamYaml, origins: StreamOrigins): StreamMeta {
  const dagster = stream.meta?.dagster;
  const written = automationOf(stream);
  if (!dagster) return { deps: [], ...written };
  const deps =
    dagster.deps === undefined || Array.isArray(dagster.deps) ? (dagster.deps ?? []) : [dagster.deps];
  const key = (written: string | readonly string[], path: YamlPath): string =>
    assetKey(written, origins.of(['meta', 'dagster', ...path]));
  return {
    ...(dagster.asset_key === undefined ? {} : { assetKey: key(dagster.asset_key, ['asset_key']) }),
    ...optional('group', dagster.group),
    ...optional('description', dagster.description),
    deps: deps.map((dep, index) => key(dep, ['deps', index])),
    ...written,
  };
}

function automationOf({ meta }: StreamYaml): Pick<StreamMeta, 'automation'> {
  const { automation, freshness, partitions } = meta?.millrace ?? {};
  const written = {
    ...optional('automation', automation),
    ...optional('freshness', freshness),
    ...optional('partitions', partitions),
  };
  return Object.keys(written).length === 0 ? {} : { automation: written };
}

/** Dagster's `sling.cloud_product.runs`, or the list of its parts, as a key of ours. */
function assetKey(written: string | readonly string[], origin: Origin): string {
  const parts = typeof written === 'string' ? written.split(/[./]/) : written;
  const key = parts.join('/');
  if (isNodeKey(key)) return key;
  throw new ConfigError(`'${key}' cannot be an asset key`, {
    code: 'asset_key_invalid',
    origin,
    next: 'Use letters, digits, _ and - joined by dots',
  });
}

/** The files of a stream as streams name them: those without a folder are in that of the stream. */
function streamFiles(
  name: string,
  files: string | readonly string[] | undefined,
): readonly string[] | undefined {
  if (files === undefined) return undefined;
  const path = name.replace(/^file:\/\//, '');
  const folder = path.slice(0, path.lastIndexOf('/') + 1);
  return list(files).map((file) => (file.includes('/') ? file : `${folder}${file}`));
}

function objectMissing(name: string, origin: Origin): ConfigError {
  return new ConfigError(`the stream '${name}' has no object, so it is not known where its rows go`, {
    code: 'object_missing',
    origin,
    next: "Add object: to the stream or to defaults, such as object: 'raw.{stream_table}'",
  });
}

/** What the object says about the files, unless the options do. */
function withFormat(stream: StreamYaml, format: string | undefined): StreamYaml {
  return format === undefined ? stream : { ...stream, target_options: { format, ...stream.target_options } };
}

function updateKeyOfParts(name: string, origin: Origin): ConfigError {
  return new ConfigError(`the stream '${name}' has parts in its object, and no update_key that they are of`, {
    code: 'key_missing',
    origin,
    next: 'Add update_key: with a column of dates or times',
  });
}
