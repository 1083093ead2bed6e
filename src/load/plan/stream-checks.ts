import type { Connection } from '../../connector/connection.ts';
import { ConfigError } from '../../core/errors.ts';
import { checkPlainSource, isPlain } from './plain-source.ts';
import type { StreamConfig } from '../replication/replication.ts';
import { isRunVariable } from '../replication/run-time.ts';
import { followsKeys } from '../replication/stream-mode.ts';
import { variablesIn } from '../replication/template.ts';
import { notYetSupported } from '../replication/unsupported.ts';
import type { StreamTask } from './stream-task.ts';

/**
 * Refuses what a stream asks of systems that cannot do it.
 * @throws ConfigError naming the key and the alternative
 */
export function checkCombination({ stream, source, target, options }: StreamTask): void {
  const limit = options.rowLimit ?? stream.limit;
  if (isPlain(source)) checkPlainSource(stream, source);
  if (!target.database) checkFileTarget(stream, source);
  if (target.database && Object.keys(stream.target.file).length > 0) {
    throw notApplicable(stream, `target_options.${Object.keys(stream.target.file)[0]}`, target);
  }
  const [option] = Object.keys(stream.sourceOptions).filter((key) => key !== 'offset');
  if (source.database && option !== undefined)
    throw notApplicable(stream, `source_options.${option}`, source);
  if ((stream.maxRejects > 0 || skipsRows(stream)) && !target.database) {
    throw notYetSupported('max_rejects into files', 'Load into a table', stream.origin);
  }
  const { primary, unique, uniqueColumns, named } = stream.target.tableKeys;
  if (
    target.database?.dialect.name === 'duckdb' &&
    primary.length + unique.length + uniqueColumns.length + named.filter((one) => one.unique).length > 0
  ) {
    throw notYetSupported(
      'target_options.table_keys primary and unique on DuckDB',
      'Leave it out: merges by primary_key need no constraint there; test uniqueness in the transform project',
      stream.origin,
    );
  }
  if (!source.database && followsKeys(stream.mode) && stream.updateKey !== undefined && limit !== undefined) {
    throw notYetSupported(
      'a row limit on what is not a database and is read along an update_key',
      'Leave the limit out, or use mode: full-refresh to try it',
      stream.origin,
    );
  }
}

function skipsRows({ onConstraintFailure, rules }: StreamConfig): boolean {
  return onConstraintFailure === 'skip' && Object.keys(rules).length > 0;
}

function checkFileTarget(stream: StreamConfig, source: Connection): void {
  if (stream.mode === 'backfill') {
    throw notYetSupported(
      'mode: backfill into files',
      'Use mode: full-refresh with range, and an object of its own',
      stream.origin,
    );
  }
  if (stream.mode === 'incremental') checkIncrement(stream, source);
  const { hooks } = stream;
  if (hooks.pre_merge || hooks.post_merge)
    throw notYetSupported(
      'merge hooks of files',
      'Use pre and post: a file has no transaction',
      stream.origin,
    );
  if (stream.onConstraintFailure !== 'abort' && Object.keys(stream.rules).length > 0) {
    throw notYetSupported(
      `SLING_ON_CONSTRAINT_FAILURE=${stream.onConstraintFailure} into files`,
      'Leave the rows out by where:, or load into a table',
      stream.origin,
    );
  }
  if (stream.target.preSql.length + stream.target.postSql.length > 0)
    throw notYetSupported(
      'pre_sql and post_sql of files',
      'Leave them out: a file has no SQL',
      stream.origin,
    );
}

/** What is new goes into a further file; files that are there do not change. */
function checkIncrement(stream: StreamConfig, source: Connection): void {
  const refused = (what: string, next: string): ConfigError => notYetSupported(what, next, stream.origin);
  if (!source.database)
    throw refused('mode: incremental from files into files', 'Use mode: full-refresh, or load into a table');
  if (stream.updateKey === undefined)
    throw refused(
      'mode: incremental into files without update_key',
      'Add update_key:, or use mode: full-refresh',
    );
  if (stream.range || stream.lookbackSeconds > 0)
    throw refused(
      'range and lookback_seconds with mode: incremental into files',
      'Use settle_delay_seconds for rows that are late, or load into a table',
    );
  const { deleteMissing, mergeStrategy } = stream.target;
  if (deleteMissing || mergeStrategy !== undefined)
    throw refused(
      'delete_missing and merge_strategy into files',
      'Load into a table, which rows can be merged into',
    );
  if (stream.target.parts || variablesIn(stream.object).some(isRunVariable)) return;
  throw new ConfigError(`stream ${stream.name}: each run would write over ${stream.object}`, {
    code: 'object_not_distinct',
    origin: stream.objectOrigin,
    next: 'Let each run write a file of its own: {run_timestamp} in object:, such as orders/{run_timestamp}.parquet',
  });
}

function notApplicable(stream: StreamConfig, key: string, connection: Connection): ConfigError {
  return new ConfigError(
    `stream ${stream.name}: ${key} is about files, and '${connection.name}' is ${connection.type}`,
    {
      code: 'option_not_applicable',
      origin: stream.origin,
      next: `Remove ${key} from the stream and its defaults`,
    },
  );
}
