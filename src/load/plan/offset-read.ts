import type { StreamSchema } from '../../connector/connection.ts';
import { ConfigError } from '../../core/errors.ts';
import type { Dialect } from '../../sql/dialect.ts';
import type { PlannedRead } from './stream-plan.ts';
import { sourceDialect, type StreamTask } from './stream-task.ts';

/**
 * What is read of a database when `source_options.offset` passes rows over: a query in the order of the primary key,
 * without which it would be chance which rows are passed over. Files pass rows over by themselves.
 * @throws ConfigError code `key_missing`, and `stream_contradictory` beside a watermark
 */
export function offsetRead(task: StreamTask, schema: StreamSchema, read: PlannedRead): PlannedRead {
  const { stream, source } = task;
  const offset = rowsPassedOver(task);
  if (!source.database || offset === 0) return read;
  if (read.along || stream.chunks) {
    throw new ConfigError(
      `stream ${stream.name}: offset, beside ${read.along ? 'a watermark, which says where to begin' : 'chunks'}`,
      {
        code: 'stream_contradictory',
        origin: stream.origin,
        next: 'Leave offset out, or use mode: full-refresh without chunks',
      },
    );
  }
  const dialect = sourceDialect(source);
  const key = stream.primaryKey.length > 0 ? stream.primaryKey : schema.primaryKey;
  if (key.length === 0) {
    throw new ConfigError(`stream ${stream.name}: offset, and no primary key that orders the rows`, {
      code: 'key_missing',
      origin: stream.origin,
      state: 'Without an order it is chance which rows are passed over',
      next: 'Add primary_key:, or write order by and offset into sql:',
    });
  }
  const where = read.where === undefined ? '' : ` where ${read.where}`;
  const order = key.map((name) => dialect.quote(name)).join(', ');
  const sql = `select * from ${read.from}${where} order by ${order} ${window(dialect, read.limit, offset)}`;
  const { where: _where, limit: _limit, ...rest } = read;
  return { ...rest, sql, from: `(${sql}) as stream` };
}

/** Rows of a database to be passed over. */
export function rowsPassedOver({ stream }: Pick<StreamTask, 'stream'>): number {
  const { offset } = stream.sourceOptions;
  if (offset === undefined || offset === 0) return 0;
  if (typeof offset === 'number' && Number.isInteger(offset) && offset > 0) return offset;
  throw new ConfigError(`stream ${stream.name}: source_options.offset is ${JSON.stringify(offset)}`, {
    code: 'invalid_value',
    origin: stream.origin,
    next: 'Write a number of rows',
  });
}

/** Two of the systems have no offset without a limit. */
function window({ name }: Dialect, limit: number | undefined, offset: number): string {
  const all = name === 'mysql' ? '18446744073709551615' : name === 'sqlite' ? '-1' : undefined;
  const most = limit === undefined ? all : String(limit);
  return most === undefined ? `offset ${offset}` : `limit ${most} offset ${offset}`;
}
