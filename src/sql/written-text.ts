import type { DataType } from './data-type.ts';
import type { Dialect } from './dialect.ts';

const blanks = '[[:space:]]*';
const digits = '([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]+)?';
const beyondNumbers = '[+-]?([nN][aA][nN]|[iI][nN][fF]([iI][nN][iI][tT][yY])?)';
const day = '-?[0-9]{4,}-[0-9]{2}-[0-9]{2}';
const clock = '([01][0-9]|2[0-4]):[0-9]{2}(:[0-9]{2}([.][0-9]{1,6}0*)?)?';
const utc = '(Z|[+-]00(:?00)?)';
const zone = '(Z|[+-][0-9]{2}(:?[0-9]{2})?)';
const hex = (count: number): string => `[0-9a-fA-F]{${count}}`;

/**
 * How a text says a value of a type, the same for every system, as a regular expression of POSIX; undefined where only the
 * cast tells. Systems guess beyond that: `02/03/2024` by the locale, `now` and `tru` by words, `0x1f` and `1_000` by the
 * ways of programmers.
 */
function writtenPattern(type: DataType, dialect: Dialect): string | undefined {
  switch (type.type) {
    case 'int16':
    case 'int32':
    case 'int64':
      return `${blanks}[+-]?[0-9]+${blanks}`;
    case 'decimal':
      return `${blanks}[+-]?${digits}${blanks}${type.precision === undefined ? `|${beyondNumbers}` : ''}`;
    case 'float32':
    case 'float64':
      return `${blanks}[+-]?${digits}${blanks}|${beyondNumbers}`;
    case 'boolean':
      return '[tT]|[fF]|[yY]|[nN]|1|0|[tT][rR][uU][eE]|[fF][aA][lL][sS][eE]|[yY][eE][sS]|[nN][oO]';
    case 'date':
      return dated(`${day}([T ]${clock}${zone}?)?`, dialect.name);
    case 'timestamp':
      return dated(`${day}([T ]${clock}${utc}?)?`, dialect.name);
    case 'timestamptz':
      return dated(`${day}([T ]${clock}${zone}?)?`, dialect.name);
    case 'time':
      return clock;
    case 'timetz':
      return `${clock}${zone}`;
    case 'uuid': {
      const parted = [8, 4, 4, 4, 12].map(hex).join('-');
      return dialect.typeName(type).startsWith('char') ? parted : `${parted}|${hex(32)}`;
    }
    default:
      return undefined;
  }
}

/** Infinity, and the era as PostgreSQL writes it. */
function dated(pattern: string, system: string): string {
  if (system === 'postgres') return `${pattern}( BC)?|-?infinity`;
  return system === 'duckdb' ? `${pattern}|-?infinity` : pattern;
}

/**
 * A predicate that holds for texts which do not say a value of a type in the way that every system understands alike.
 * Undefined where there is no such way, and for SQLite, whose functions take no other texts.
 */
export function notWritten(dialect: Dialect, text: string, type: DataType): string | undefined {
  const pattern = writtenPattern(type, dialect);
  if (pattern === undefined) return undefined;
  switch (dialect.name) {
    case 'duckdb':
      return `not regexp_full_match(${text}, '${pattern}')${overflowing(text, type)}`;
    case 'postgres':
      return `${text} !~ '^(${pattern})$'`;
    case 'mysql':
      return `cast(${text} as char) not rlike '^(${pattern})$'`;
    default:
      return undefined;
  }
}

/** DuckDB makes infinity of a number that is too large. */
function overflowing(text: string, { type }: DataType): string {
  if (type !== 'float32' && type !== 'float64') return '';
  return ` or (isinf(try_cast(${text} as ${type === 'float32' ? 'float' : 'double'})) and regexp_matches(${text}, '[0-9]'))`;
}
