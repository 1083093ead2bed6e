import { castTo } from '../../sql/cast.ts';
import type { Dialect } from '../../sql/dialect.ts';
import { notPossible } from './not-possible.ts';
import type { RowExpression } from './row-expression.ts';

const units = ['second', 'minute', 'hour', 'day', 'week', 'month', 'quarter', 'year'] as const;
type Unit = (typeof units)[number];

const parts = ['year', 'quarter', 'month', 'day', 'hour', 'minute', 'second', 'dow', 'doy', 'epoch'];

/** Letters of `strftime`, as PostgreSQL and MySQL have them. */
const letters: Readonly<Record<string, { readonly postgres: string; readonly mysql: string }>> = {
  Y: { postgres: 'YYYY', mysql: '%Y' },
  y: { postgres: 'YY', mysql: '%y' },
  m: { postgres: 'MM', mysql: '%m' },
  d: { postgres: 'DD', mysql: '%d' },
  H: { postgres: 'HH24', mysql: '%H' },
  I: { postgres: 'HH12', mysql: '%h' },
  M: { postgres: 'MI', mysql: '%i' },
  S: { postgres: 'SS', mysql: '%s' },
  p: { postgres: 'AM', mysql: '%p' },
  B: { postgres: 'FMMonth', mysql: '%M' },
  b: { postgres: 'Mon', mysql: '%b' },
  A: { postgres: 'FMDay', mysql: '%W' },
  a: { postgres: 'Dy', mysql: '%a' },
  j: { postgres: 'DDD', mysql: '%j' },
};

/**
 * The SQL of a function of dates. Results are times without a zone.
 * @throws ConfigError code `expression_not_possible` for what this system cannot do, and units that are none
 */
export function dateSql(
  dialect: Dialect,
  name: string,
  args: readonly RowExpression[],
  sql: readonly string[],
): string {
  const { name: system } = dialect;
  if (system === 'sqlite') throw notPossible(`sqlite has no ${name}()`);
  const [value = '', second = ''] = sql;
  const date = args[0]?.kind === 'literal' ? castTo(dialect, value, { type: 'timestamp' }) : value;
  switch (name) {
    case 'date_parse':
      return castTo(dialect, value, { type: 'timestamp' });
    case 'date_format':
      return formatSql(dialect, date, wordOf(args[1]));
    case 'date_trunc':
      return truncated(dialect, date, unitOf(args[1], 'day'));
    case 'date_first':
      return castTo(dialect, truncated(dialect, date, unitOf(args[1], 'month')), { type: 'date' });
    case 'date_last': {
      const unit = unitOf(args[1], 'month');
      const next = added(dialect, truncated(dialect, date, unit), '1', unit);
      return castTo(dialect, added(dialect, next, '-1', 'day'), { type: 'date' });
    }
    case 'date_add':
      return added(dialect, date, second, unitOf(args[2], 'second'));
    case 'date_diff': {
      const earlier = args[1]?.kind === 'literal' ? castTo(dialect, second, { type: 'timestamp' }) : second;
      return difference(dialect, date, earlier, unitOf(args[2], 'day'));
    }
    default:
      return extracted(dialect, date, wordOf(args[1]).toLowerCase());
  }
}

function wordOf(expression: RowExpression | undefined): string {
  return expression?.kind === 'literal' ? String(expression.value) : '';
}

function unitOf(expression: RowExpression | undefined, fallback: Unit): Unit {
  const word = (wordOf(expression) || fallback).toLowerCase().replace(/s$/, '');
  const found = units.find((unit) => unit === word);
  if (found) return found;
  throw notPossible(`'${wordOf(expression)}' is not a unit of time; there are ${units.join(', ')}`);
}

function formatSql(dialect: Dialect, date: string, format: string): string {
  for (const [whole, letter = ''] of format.matchAll(/%(.)/g)) {
    if (letters[letter]) continue;
    throw notPossible(`date_format() does not know ${whole}; it knows %${Object.keys(letters).join(' %')}`);
  }
  if (dialect.name === 'duckdb') return `strftime(${date}, ${dialect.literal(format)})`;
  const spelt = format.split(/(%.)/).map((piece) => {
    const letter = piece.startsWith('%') ? letters[piece.slice(1)] : undefined;
    if (dialect.name === 'mysql') return letter?.mysql ?? piece;
    return letter?.postgres ?? (piece === '' ? '' : `"${piece.replaceAll('"', '\\"')}"`);
  });
  const name = dialect.name === 'mysql' ? 'date_format' : 'to_char';
  return `${name}(${date}, ${dialect.literal(spelt.join(''))})`;
}

function truncated(dialect: Dialect, date: string, unit: Unit): string {
  if (dialect.name !== 'mysql')
    return castTo(dialect, `date_trunc('${unit}', ${date})`, { type: 'timestamp' });
  const text = {
    second: `date_format(${date}, '%Y-%m-%d %H:%i:%s')`,
    minute: `date_format(${date}, '%Y-%m-%d %H:%i:00')`,
    hour: `date_format(${date}, '%Y-%m-%d %H:00:00')`,
    day: `date_format(${date}, '%Y-%m-%d')`,
    week: `date_format(date_sub(${date}, interval weekday(${date}) day), '%Y-%m-%d')`,
    month: `date_format(${date}, '%Y-%m-01')`,
    quarter: `date_format(makedate(year(${date}), 1) + interval (quarter(${date}) - 1) quarter, '%Y-%m-%d')`,
    year: `date_format(${date}, '%Y-01-01')`,
  }[unit];
  return castTo(dialect, text, { type: 'timestamp' });
}

function added(dialect: Dialect, date: string, amount: string, unit: Unit): string {
  if (dialect.name === 'mysql') return `date_add(${date}, interval ${amount} ${unit})`;
  const step = unit === 'quarter' ? `interval '3 month'` : `interval '1 ${unit}'`;
  return castTo(dialect, `(${date} + ${amount} * ${step})`, { type: 'timestamp' });
}

/** Whole units between two times; months are those of the calendar. */
function difference(dialect: Dialect, later: string, earlier: string, unit: Unit): string {
  const months = { month: 1, quarter: 3, year: 12 }[unit as string];
  const number = (part: string, date: string): string => `extract(${part} from ${date})`;
  if (months !== undefined) {
    const years = `(${number('year', later)} - ${number('year', earlier)}) * 12`;
    const count = `${years} + ${number('month', later)} - ${number('month', earlier)}`;
    return castTo(
      dialect,
      `${dialect.name === 'mysql' ? 'truncate' : 'trunc'}((${count}) / ${months}.0${dialect.name === 'mysql' ? ', 0' : ''})`,
      { type: 'int64' },
    );
  }
  if (dialect.name === 'mysql') return `timestampdiff(${unit}, ${earlier}, ${later})`;
  const seconds = { second: 1, minute: 60, hour: 3600, day: 86_400, week: 604_800 }[unit as string] ?? 1;
  const time = (date: string): string => `extract(epoch from cast(${date} as timestamp))`;
  return castTo(dialect, `trunc((${time(later)} - ${time(earlier)}) / ${seconds})`, { type: 'int64' });
}

function extracted(dialect: Dialect, date: string, part: string): string {
  if (!parts.includes(part)) throw notPossible(`date_extract() knows ${parts.join(', ')}`);
  if (dialect.name !== 'mysql')
    return castTo(dialect, `floor(extract(${part} from ${date}))`, { type: 'int64' });
  if (part === 'dow') return `(dayofweek(${date}) - 1)`;
  if (part === 'doy') return `dayofyear(${date})`;
  return part === 'epoch' ? `floor(unix_timestamp(${date}))` : `extract(${part} from ${date})`;
}
