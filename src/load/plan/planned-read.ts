import type { StreamSchema } from '../../connector/connection.ts';
import type { Dialect, TableName } from '../../sql/dialect.ts';
import type { StreamConfig } from '../replication/replication.ts';
import { followsKeys } from '../replication/stream-mode.ts';
import { parseTableName } from '../replication/stream-name.ts';
import type { ColumnMapping } from '../stream/column-mapping.ts';
import type { WithheldForms } from '../stream/lane.ts';
import { fillQuery, placesWhere } from '../stream/stream-sql.ts';
import type { Watermark } from '../stream/watermark.ts';
import { lowerBound, upperBound } from '../stream/window.ts';
import { readOptionsOf } from './source-schema.ts';
import type { PlannedRead } from './stream-plan.ts';
import { sourceDialect, type StreamTask } from './stream-task.ts';

/** What is read of the source, from the watermark on if there is one. */
export function plannedRead(
  task: StreamTask,
  mapping: ColumnMapping,
  after: Watermark | undefined,
): PlannedRead {
  const { stream, source, options } = task;
  const dialect = sourceDialect(source);
  const updateKey = followsKeys(stream.mode) ? mapping.updateKey?.source : undefined;
  const sql =
    stream.sql === undefined
      ? undefined
      : fillQuery(
          stream.sql,
          stream,
          dialect,
          mapping.updateKey && {
            updateKey: mapping.updateKey.source,
            lookbackSeconds: stream.lookbackSeconds,
            ...(after ? { after } : {}),
            ...(stream.range ? { range: stream.range } : {}),
          },
        );
  const limit = options.rowLimit ?? stream.limit;
  const isTable = source.database !== undefined && sql === undefined;
  const whereIsPlaced = stream.sql !== undefined && placesWhere(stream.sql);
  const where = [
    ...(stream.where === undefined || whereIsPlaced ? [] : [stream.where]),
    ...rangeOfRefresh(dialect, stream, mapping),
    ...(updateKey && stream.nullUpdateKey === 'skip' ? [`${dialect.quote(updateKey.name)} is not null`] : []),
    ...(stream.mode === 'definition-only' ? ['1 = 0'] : []),
  ];
  return {
    columns: mapping.columns.map((column) => column.source.name),
    ...(sql === undefined ? {} : { sql }),
    from: isTable ? dialect.quoteTable(sourceTable(task)) : `(${sql ?? ''}) as stream`,
    ...(where.length === 0 ? {} : { where: bothOf(where) }),
    ...(limit === undefined ? {} : { limit }),
    options: readOptionsOf(task),
    ...(updateKey
      ? {
          along: {
            updateKey,
            primaryKey: task.target.database ? mapping.primaryKey.map((column) => column.source) : [],
            ...(after ? { after } : {}),
            settleDelaySeconds: stream.settleDelaySeconds,
            lookbackSeconds: stream.lookbackSeconds,
            ...(stream.range ? { range: stream.range } : {}),
          },
        }
      : {}),
  };
}

/** In the modes that replace everything a range is one more predicate. */
function rangeOfRefresh(
  dialect: Dialect,
  { mode, range }: StreamConfig,
  { updateKey }: ColumnMapping,
): readonly string[] {
  if (!range || !updateKey || followsKeys(mode)) return [];
  const request = { dialect, updateKey: updateKey.source, range };
  return [lowerBound(request), upperBound(request)].filter((bound) => bound !== undefined);
}

function bothOf(conditions: readonly string[]): string {
  const [only = '', ...others] = conditions;
  return others.length === 0 ? only : conditions.map((condition) => `(${condition})`).join(' and ');
}

/** The bytes of files are passed on as they are or not at all. */
export function withheldFromCsv(
  { columns, where, limit, along }: PlannedRead,
  schema: StreamSchema,
): WithheldForms {
  const isWhole = columns.join('\0') === schema.columns.map(({ name }) => name).join('\0');
  if (!isWhole) return { csv: 'not all columns are read' };
  return where === undefined && limit === undefined && !along ? {} : { csv: 'not all rows are read' };
}

/** The table of the source that a stream without `sql` names. */
export function sourceTable({ stream, source, sourceSchema }: StreamTask): TableName {
  // What is known of a connection before it is opened may be that it has none, as a MySQL without `database`.
  const { defaultSchema } = sourceDialect(source);
  return parseTableName(
    stream.name,
    sourceSchema === undefined || sourceSchema === '' ? defaultSchema : sourceSchema,
  );
}
