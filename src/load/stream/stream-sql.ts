import { ConfigError } from '../../core/errors.ts';
import type { Column } from '../../sql/data-type.ts';
import type { Dialect } from '../../sql/dialect.ts';
import type { StreamConfig } from '../replication/replication.ts';
import type { UpdateRange } from '../replication/update-range.ts';
import { bareLiteral } from './key-value.ts';
import { earlierLiteral } from './source-time.ts';
import { lowerBound, upperBound } from './window.ts';
import type { Watermark } from './watermark.ts';

/** Where an incremental query starts; absent while that is not known yet. */
export interface QueryStart {
  readonly updateKey: Column;
  readonly after?: Watermark;
  readonly lookbackSeconds?: number;
  readonly range?: UpdateRange;
}

/**
 * Fills the placeholders of a query stream: `{incremental_where_cond}`, `{incremental_value}`,
 * `{where_cond}`, `{where_clause}`, `{fields}`, `{update_key}`. Without a start they mean: everything.
 */
export function fillQuery(sql: string, stream: StreamConfig, dialect: Dialect, start?: QueryStart): string {
  const fields = stream.select.include.map(({ name, expression }) => {
    if (expression !== undefined) return `${expression} as ${dialect.quote(name)}`;
    return name === '*' ? '*' : dialect.quote(name);
  });
  const bounds = start ? [lowerBound({ dialect, ...start }), upperBound({ dialect, ...start })] : [];
  const bound = bounds.filter((one) => one !== undefined).join(' and ');
  const value = start?.after ? startValue(dialect, start, start.after.value) : 'null';
  const values: Readonly<Record<string, string>> = {
    incremental_where_cond: bound === '' ? '1 = 1' : bound,
    incremental_value: value,
    where_cond: stream.where === undefined ? '1 = 1' : `(${stream.where})`,
    where_clause: stream.where === undefined ? '' : `where (${stream.where})`,
    fields: fields.length > 0 ? fields.join(', ') : '*',
    update_key: stream.updateKey === undefined ? '' : dialect.quote(stream.updateKey),
    ...rangeEnds(dialect, stream, start),
  };
  return sql.replace(/\{([a-z_]+)\}/g, (whole, name: string) => {
    if ((name === 'start_value' || name === 'end_value') && values[name] === undefined) {
      throw new ConfigError(
        `stream ${stream.name}: the query says ${whole} and there is no range with that end`,
        {
          code: 'key_missing',
          origin: stream.origin,
          next: "Add source_options: { range: '...,...' }, or use {incremental_where_cond}",
        },
      );
    }
    if (name === 'update_key' && stream.updateKey === undefined) {
      throw new ConfigError(`stream ${stream.name}: the query says {update_key} and there is none`, {
        code: 'key_missing',
        origin: stream.origin,
        next: 'Add update_key: to the stream',
      });
    }
    return values[name] ?? whole;
  });
}

/** The ends of the range as literals; NULL while the type of the update key is not known. */
function rangeEnds(
  dialect: Dialect,
  { range }: StreamConfig,
  start: QueryStart | undefined,
): Readonly<Record<string, string>> {
  const end = range?.before ?? range?.to;
  const literal = (value: string, bound: 'lower' | 'upper'): string =>
    start ? bareLiteral(dialect, start.updateKey, value, bound) : 'null';
  return {
    ...(range?.from === undefined ? {} : { start_value: literal(range.from, 'lower') }),
    ...(end === undefined ? {} : { end_value: literal(end, 'upper') }),
  };
}

function startValue(dialect: Dialect, { updateKey, lookbackSeconds = 0 }: QueryStart, value: string): string {
  return lookbackSeconds > 0
    ? earlierLiteral(dialect, updateKey, value, lookbackSeconds)
    : bareLiteral(dialect, updateKey, value);
}

/** True if the query places the user's own predicate itself. */
export function placesWhere(sql: string): boolean {
  return /\{where_(?:cond|clause)\}/.test(sql);
}
