import { currentInstant, currentUtc, epochSeconds } from '../../sql/clock.ts';
import type { Column, DataType } from '../../sql/data-type.ts';
import type { Dialect } from '../../sql/dialect.ts';
import { castTo } from '../../sql/cast.ts';
import { duckdbDialect } from '../../sql/dialects/index.ts';
import { rowSql } from '../expression/row-sql.ts';
import type { AddedColumn } from './column-mapping.ts';
import type { StreamConfig } from '../replication/replication.ts';

/** A column that is not in the stage: each row gets the value of an expression when it is published. */
export interface ConstantColumn {
  readonly name: string;
  readonly type: DataType;
  readonly sql: string;
}

/**
 * The columns of that kind that a stream wants.
 * @param held columns of the target, whose type is kept
 * @param loadId names the load
 * @param isHeld SQL over the stage that is true for rows whose key the target has; absent when it has none of them
 */
export function constantColumns(
  dialect: Dialect,
  stream: StreamConfig,
  held: readonly Column[],
  loadId: string,
  isHeld?: string,
): readonly ConstantColumn[] {
  const kind = loadedAtType(stream);
  const text: DataType = { type: 'text' };
  return [
    ...(kind ? [{ name: loadedAt, type: kind, sql: timeSql(dialect, held, loadedAt, kind) }] : []),
    ...(stream.metadata.includes('row_id')
      ? [{ name: '_sling_row_id', type: text, sql: randomId(dialect) }]
      : []),
    ...(stream.metadata.includes('exec_id')
      ? [{ name: '_sling_exec_id', type: text, sql: dialect.literal(loadId) }]
      : []),
    ...(stream.metadata.includes('synced_at')
      ? [
          { name: syncedAt, type: instant, sql: timeSql(dialect, held, syncedAt, instant) },
          {
            name: syncedOp,
            type: text,
            sql: isHeld === undefined ? `'I'` : `case when ${isHeld} then 'U' else 'I' end`,
          },
        ]
      : []),
  ];
}

/**
 * The stream as it is published into a table that is kept: where the table has `_sling_loaded_at`, as those have that
 * Sling loaded from files, it is filled without being asked for.
 */
export function fillingLoadedAt(
  stream: StreamConfig,
  target: readonly Column[],
  mapped: readonly { readonly name: string }[],
): StreamConfig {
  const isLoadedAt = ({ name }: { readonly name: string }): boolean => name === loadedAt;
  const isFilled = stream.loadedAt !== undefined || mapped.some(isLoadedAt);
  return isFilled || !target.some(isLoadedAt) ? stream : { ...stream, loadedAt: 'unix' };
}

/** Names of the columns that each load fills by itself, whatever the source has under them. */
export function constantNames(stream: StreamConfig): ReadonlySet<string> {
  return new Set(constantColumns(duckdbDialect, stream, [], '').map(({ name }) => name));
}

/** The columns that transforms add. */
export function addedColumns(dialect: Dialect, added: readonly AddedColumn[]): readonly ConstantColumn[] {
  return added.map(({ name, type, computed }) => ({
    name,
    type,
    sql: castTo(dialect, rowSql(dialect, computed), type),
  }));
}

const loadedAt = '_sling_loaded_at';
/** When a row was last brought in line with the source. */
export const syncedAt = '_sling_synced_at';
/** What that did: `I` inserted, `U` updated, `D` marked as gone. */
export const syncedOp = '_sling_synced_op';

const instant: DataType = { type: 'timestamptz' };

/** The type of `_sling_loaded_at`; undefined when the stream has no such column, or has it from its source. */
function loadedAtType({ mode, loadedAt: form, updateKey }: StreamConfig): DataType | undefined {
  if (updateKey === loadedAt) return undefined;
  if (form === 'timestamp') return { type: 'timestamptz' };
  return form === 'unix' || mode === 'snapshot' ? { type: 'int64' } : undefined;
}

/** In the form that the stream asks for, unless the table was made by somebody who keeps another one. */
function timeSql(dialect: Dialect, held: readonly Column[], name: string, kind: DataType): string {
  const type = held.find((column) => column.name === name)?.type ?? kind;
  if (type.type === 'timestamptz') return currentInstant(dialect);
  return type.type === 'timestamp' ? currentUtc(dialect) : epochSeconds(dialect);
}

function randomId(dialect: Dialect): string {
  switch (dialect.name) {
    case 'mysql':
      return 'uuid()';
    case 'sqlite':
      return 'lower(hex(randomblob(16)))';
    default:
      return `cast(gen_random_uuid() as ${dialect.typeName({ type: 'text' })})`;
  }
}
