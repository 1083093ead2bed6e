import type { DataType } from './data-type.ts';

const blanks = '[[:space:]]*';
const integer = `^${blanks}[-+]?[0-9]+${blanks}$`;
const number = `^${blanks}[-+]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][-+]?[0-9]+)?${blanks}$`;
/** No zero in it, which MySQL would take, and no year of two digits, which it would guess. */
const day = '[0-9]{4}[-/](0?[1-9]|1[0-2])[-/](0?[1-9]|[12][0-9]|3[01])';
const clock = '[0-9]{1,2}:[0-9]{2}(:[0-9]{2}([.][0-9]*)?)?';
const moment = `^${blanks}(${day}([ T]${clock})?|[0-9]{8})${blanks}$`;
/** Up to 838 hours. */
const duration = `^${blanks}-?([0-7]?[0-9]{1,2}|8[0-2][0-9]|83[0-8]):[0-5][0-9](:[0-5][0-9]([.][0-9]*)?)?${blanks}$`;

const integerBounds: Readonly<Record<string, readonly [string, string]>> = {
  boolean: ['-128', '127'],
  int16: ['-32768', '32767'],
  int32: ['-2147483648', '2147483647'],
  int64: ['-9223372036854775808', '9223372036854775807'],
};

/** Nearest to what a number of these types can be at most. */
const mostOfFloats = { float32: '3.4028235e38', float64: '1.7976931348623157e308' } as const;

/** Digits of MySQL's DECIMAL, and those behind its point. */
const decimalDigits = 65;
const decimalScale = 30;

/**
 * A predicate that holds for values that would not become one of the type: MySQL's own casts wrap, cut or guess.
 * @param to as MySQL stores it
 */
export function mysqlMisfit(sql: string, from: DataType, to: DataType): string | undefined {
  const isText = from.type === 'text';
  const notLike = (pattern: string): string => `cast(${sql} as char) not rlike '${pattern}'`;
  const misfit = (...conditions: readonly string[]): string =>
    `(${sql} is not null and (${conditions.join(' or ')}))`;
  switch (to.type) {
    case 'boolean':
    case 'int16':
    case 'int32':
    case 'int64': {
      const [least, most] = integerBounds[to.type] as readonly [string, string];
      const value = isText ? `cast(${sql} as decimal(${decimalDigits},0))` : `round(${sql})`;
      return misfit(...(isText ? [notLike(integer)] : []), `${value} not between ${least} and ${most}`);
    }
    case 'decimal': {
      const { precision = decimalDigits, scale = 0 } = to;
      const whole = precision - scale;
      const behind = whole > decimalDigits - decimalScale ? scale : decimalScale;
      const value = isText ? `cast(${sql} as decimal(${decimalDigits},${behind}))` : sql;
      return misfit(
        ...(isText ? [notLike(number)] : []),
        ...(whole < decimalDigits ? [`abs(round(${value}, ${scale})) >= 1${'0'.repeat(whole)}`] : []),
      );
    }
    case 'float32':
    case 'float64':
      return misfit(notLike(number), `abs(cast(${sql} as double)) >= ${mostOfFloats[to.type]}`);
    case 'date':
    case 'timestamp':
      return misfit(notLike(moment), `cast(${sql} as datetime(6)) is null`, `${sql} like '0000%'`);
    case 'time':
      return misfit(notLike(duration));
    case 'json':
      return misfit(`not json_valid(${sql})`);
    case 'text':
      return to.maxLength === undefined ? undefined : misfit(`char_length(${sql}) > ${to.maxLength}`);
    default:
      return undefined;
  }
}
