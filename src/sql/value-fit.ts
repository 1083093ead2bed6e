import { castTo } from './cast.ts';
import type { DataType } from './data-type.ts';
import type { Dialect } from './dialect.ts';

/**
 * A predicate that holds for values that a cast to another type could not represent, without failing itself.
 * NULL always fits. Undefined where every value fits, or where the system has no way to ask.
 */
export function misfitPredicate(
  dialect: Dialect,
  sql: string,
  from: DataType,
  to: DataType,
): string | undefined {
  if (!canMisfit(from, to)) return undefined;
  const type = dialect.typeName(to);
  switch (dialect.name) {
    case 'duckdb':
      return `(${sql} is not null and try_cast(${sql} as ${type}) is null)`;
    case 'postgres': {
      const text =
        isInteger(to) && from.type !== 'text'
          ? `cast(round(cast(${sql} as numeric)) as text)`
          : castTo(dialect, sql, { type: 'text' });
      return `(${sql} is not null and not pg_input_is_valid(${text}, ${dialect.literal(type)}))`;
    }
    default:
      return undefined;
  }
}

function canMisfit(from: DataType, to: DataType): boolean {
  if (to.type === 'text') return false;
  if (from.type === 'text') return true;
  return isNumber(from) && (isInteger(to) || to.type === 'decimal');
}

function isInteger({ type }: DataType): boolean {
  return type === 'int16' || type === 'int32' || type === 'int64';
}

function isNumber(type: DataType): boolean {
  return isInteger(type) || type.type === 'decimal' || type.type === 'float32' || type.type === 'float64';
}
