import { castTo } from './cast.ts';
import type { DataType } from './data-type.ts';
import type { Dialect } from './dialect.ts';
import { mysqlMisfit } from './mysql-value-fit.ts';
import { notWritten } from './written-text.ts';

/** PostgreSQL's own since version 16: whether a text is a value of a type. */
const ownIsValue = 'pg_input_is_valid';

/**
 * A predicate that holds for values that a cast to another type could not represent, without failing itself (but for
 * MySQL, where it may fail in a statement that changes rows, unless that says `ignore`). NULL always fits. Undefined
 * where every value fits, or where the system has no way to ask.
 * @param isValue function of PostgreSQL that tells whether a text is a value of the type whose name comes second;
 * `none` where every cast is known to go through
 */
export function misfitPredicate(
  dialect: Dialect,
  sql: string,
  from: DataType,
  to: DataType,
  isValue: string = ownIsValue,
): string | undefined {
  if (!canMisfit(from, to)) return undefined;
  const uncast = castMisfit(dialect, sql, from, to, isValue === 'none' ? undefined : isValue);
  const unwritten = from.type === 'text' ? notWritten(dialect, sql, to) : undefined;
  if (unwritten === undefined) return uncast;
  return `(${sql} is not null and (${uncast === undefined ? unwritten : `${unwritten} or ${uncast}`}))`;
}

/** @param isValue undefined where no cast fails */
function castMisfit(
  dialect: Dialect,
  sql: string,
  from: DataType,
  to: DataType,
  isValue: string | undefined,
): string | undefined {
  const type = dialect.typeName(to);
  switch (dialect.name) {
    case 'duckdb':
      if (to.type === 'text') return `(length(cast(${sql} as varchar)) > ${to.maxLength})`;
      if (type === 'varchar') return undefined;
      return `(${sql} is not null and try_cast(${sql} as ${type}) is null)`;
    case 'sqlite':
      if (to.type === 'text') return `(length(cast(${sql} as text)) > ${to.maxLength})`;
      return `(${sql} is not null and not ${sqliteFits(sql, to)})`;
    case 'postgres': {
      const text = castTo(dialect, sql, { type: 'text' });
      if (isValue === undefined && to.type !== 'text') return undefined;
      if (to.type === 'text') return `(char_length(${text}) > ${to.maxLength})`;
      const asked =
        isInteger(to) && from.type !== 'text' ? `cast(round(cast(${sql} as numeric)) as text)` : text;
      return `(${sql} is not null and not ${isValue}(${asked}, ${dialect.literal(type)}))`;
    }
    case 'mysql':
      if (to.type === 'boolean' && from.type === 'text') return undefined;
      return mysqlMisfit(sql, from, dialect.storedType?.(to) ?? to);
    default:
      return undefined;
  }
}

/** SQLite's own `cast` fits anything. The connector brings this function along. */
function sqliteFits(sql: string, to: DataType): string {
  const [precision, scale] = to.type === 'decimal' ? [to.precision, to.scale ?? 0] : [];
  return `millrace_fits(${sql}, '${to.type}', ${precision ?? 'null'}, ${scale ?? 0})`;
}

function canMisfit(from: DataType, to: DataType): boolean {
  if (to.type === 'text') {
    const { maxLength } = to;
    if (maxLength === undefined) return false;
    return from.type !== 'text' || from.maxLength === undefined || from.maxLength > maxLength;
  }
  if (from.type === 'text') return true;
  return isNumber(from) && (isInteger(to) || to.type === 'decimal');
}

function isInteger({ type }: DataType): boolean {
  return type === 'int16' || type === 'int32' || type === 'int64';
}

function isNumber(type: DataType): boolean {
  return isInteger(type) || type.type === 'decimal' || type.type === 'float32' || type.type === 'float64';
}
