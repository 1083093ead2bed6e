import type { Dialect } from '../../sql/dialect.ts';
import type { MappedColumn } from '../stream/column-mapping.ts';

/** Digits of the widest exact number, and those behind its point. */
const widest: Readonly<Record<string, string>> = { duckdb: 'decimal(38,s)', mysql: 'decimal(65,30)' };

/** What people should know about exact numbers for which the target has none that is wide enough. */
export function wideDecimals(dialect: Dialect, columns: readonly MappedColumn[]): readonly string[] {
  const most = widest[dialect.name];
  const texts = columns.filter(
    ({ type }) => type.type === 'decimal' && !dialect.typeName(type).startsWith('decimal'),
  );
  if (most === undefined || texts.length === 0) return [];
  const names = texts.map(({ source, type }) => {
    const digits =
      type.type === 'decimal' && type.precision !== undefined
        ? `${type.precision} digits`
        : 'no precision declared';
    return `${source.name} (${digits})`;
  });
  return [
    `kept as text, because no number of ${dialect.name} is exact beyond ${most}: ${names.join(', ')}; a type under columns: makes numbers of them, such as ${texts[0]?.source.name ?? ''}: ${dialect.name === 'mysql' ? most : 'decimal(38,10)'}`,
  ];
}
