import type { SqlSession } from '../../connector/connection.ts';
import type { TimeSpan } from '../replication/chunk-options.ts';
import { keyLiteral, keyText } from '../stream/key-value.ts';
import { beyond, keyTerms } from '../stream/keyset.ts';
import type { WindowRequest } from '../stream/window.ts';

/**
 * The value of the update key at which a chunk of some time ends, counted from the first row after the
 * watermark, so that gaps cost nothing.
 * @param end greatest value that this run reads
 * @returns undefined when the chunk reaches the end
 */
export async function spanEnd(
  request: WindowRequest,
  span: TimeSpan,
  end: string,
  session: SqlSession,
  signal: AbortSignal,
): Promise<string | undefined> {
  const { dialect, updateKey, primaryKey, after } = request;
  const key = dialect.quote(updateKey.name);
  const last = keyLiteral(dialect, updateKey, end);
  const conditions = [`${key} <= ${last}`];
  if (after) {
    const position = [after.value, ...(after.key ?? [])];
    conditions.push(beyond(dialect, keyTerms(dialect, [updateKey, ...primaryKey], position)));
  }
  const interval =
    dialect.name === 'mysql'
      ? `interval ${span.amount} ${span.unit}`
      : `interval '${span.amount} ${span.unit}s'`;
  const sum = `min(${key}) + ${interval}`;
  const next = dialect.name === 'mysql' ? sum : `cast(${sum} as ${dialect.typeName(updateKey.type)})`;
  const sql = `select case when ${next} < ${last} then ${next} end from ${request.from} where ${conditions.join(' and ')}`;
  return keyText((await session.query(sql, [], signal)).rows[0]?.[0], updateKey, request.streamName);
}
