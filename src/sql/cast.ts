import type { DataType } from './data-type.ts';
import type { Dialect } from './dialect.ts';

/** A value as another type. What does not fit fails, except that digits behind the point are rounded. */
export function castTo(dialect: Dialect, sql: string, type: DataType): string {
  return dialect.cast?.(sql, type) ?? `cast(${sql} as ${dialect.typeName(type)})`;
}
