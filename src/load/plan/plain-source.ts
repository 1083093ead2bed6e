import type { Connection, ReadAfter, SqlDatabase } from '../../connector/connection.ts';
import type { Column } from '../../sql/data-type.ts';
import { ConfigError } from '../../core/errors.ts';
import type { PlannedRead, StreamPlan } from './stream-plan.ts';
import type { StreamConfig } from '../replication/replication.ts';
import { followsKeys } from '../replication/stream-mode.ts';
import { notYetSupported } from '../replication/unsupported.ts';
import type { StreamTask } from './stream-task.ts';
import { keyLiteral, keyText } from '../stream/key-value.ts';
import { earlierLiteral } from '../stream/source-time.ts';
import { lowerBound, settledBound, upperBound } from '../stream/window.ts';

/** True for sources that evaluate no SQL, such as HTTP APIs: the target drops what is beyond the bounds. */
export function isPlain({ source }: Connection): boolean {
  return source?.predicates === 'none';
}

/** @throws ConfigError naming the key that needs SQL, and the alternative */
export function checkPlainSource(stream: StreamConfig, source: Connection): void {
  const [option] = Object.keys(stream.sourceOptions);
  const asked = [
    stream.sql === undefined ? undefined : 'sql',
    stream.where === undefined ? undefined : 'where',
    option === undefined ? undefined : `source_options.${option}`,
  ].find((key) => key !== undefined);
  if (asked !== undefined) {
    throw new ConfigError(
      `stream ${stream.name}: '${source.name}' is ${source.type}, which has no SQL and takes no ${asked}`,
      {
        code: 'option_not_applicable',
        origin: stream.origin,
        next: `Remove ${asked}; load the stream as it is and filter it in a model`,
      },
    );
  }
  if (stream.range && !followsKeys(stream.mode)) {
    throw notYetSupported(
      `range of a ${source.type} stream in mode: ${stream.mode}`,
      'Use mode: backfill or incremental with a primary_key',
      stream.origin,
    );
  }
}

/** What a source without predicates is asked for. */
export async function plainReading(
  { target }: StreamTask,
  { read, mode, stream }: Pick<StreamPlan, 'read' | 'mode' | 'stream'>,
): Promise<{ readonly after?: ReadAfter; readonly limit?: number }> {
  const value = read.along && target.database && (await startValue(read.along, target.database, stream));
  const limit = mode === 'definition-only' ? 0 : read.limit;
  return {
    ...(read.along && value !== undefined ? { after: { column: read.along.updateKey.name, value } } : {}),
    ...(limit === undefined ? {} : { limit }),
  };
}

/**
 * Drops the staged rows beyond the bounds of the reading; those without an update key stay.
 * @param column the update key, as the stage names it
 * @returns how many were dropped
 */
export async function dropBeyondBounds(
  along: NonNullable<PlannedRead['along']>,
  column: Column,
  stage: string,
  database: SqlDatabase,
): Promise<number> {
  const { dialect } = database;
  const request = { ...along, dialect, updateKey: column };
  const bounds = [lowerBound(request), upperBound(request), settledBound(request)].filter(
    (bound) => bound !== undefined,
  );
  if (bounds.length === 0) return 0;
  const key = dialect.quote(column.name);
  const isWanted = along.range ? `${key} is not null and ` : '';
  return await database.execute(`delete from ${stage} where not (${isWanted}${bounds.join(' and ')})`);
}

/** The target reckons in times for the source. */
async function startValue(
  { updateKey, after, range, lookbackSeconds }: NonNullable<PlannedRead['along']>,
  database: SqlDatabase,
  stream: string,
): Promise<string | undefined> {
  const start = range ? range.from : after?.value;
  if (start === undefined || (!range && lookbackSeconds === 0)) return start;
  const { dialect } = database;
  const literal =
    !range && lookbackSeconds > 0
      ? earlierLiteral(dialect, updateKey, start, lookbackSeconds)
      : keyLiteral(dialect, updateKey, start);
  const { rows } = await database.query(`select ${literal}`);
  const text = keyText(rows[0]?.[0], updateKey, stream);
  return text === undefined ? undefined : isoText(text, updateKey);
}

function isoText(text: string, { type }: Column): string {
  if (type.type !== 'timestamp' && type.type !== 'timestamptz') return text;
  const joined = text.replace(' ', 'T');
  return type.type === 'timestamptz' && !/(Z|[+-]\d\d(:?\d\d)?)$/.test(joined) ? `${joined}Z` : joined;
}
