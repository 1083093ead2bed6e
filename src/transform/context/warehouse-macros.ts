import { ConfigError } from '../../core/errors.ts';
import { type CallArguments, itemsOf, printed, type TemplateFunction, type Value } from '../jinja/index.ts';

type Spelling = (...given: readonly string[]) => string;

interface WarehouseMacro {
  readonly parameters: readonly string[];
  readonly duckdb: Spelling;
  readonly postgres: Spelling;
}

function same(parameters: readonly string[], spelling: Spelling): WarehouseMacro {
  return { parameters, duckdb: spelling, postgres: spelling };
}

const dayDifference = (first: string, second: string): string => `((${second})::date - (${first})::date)`;
const partDifference = (part: string, first: string, second: string): string =>
  `(date_part('${part}', (${second})::date) - date_part('${part}', (${first})::date))`;
const timeDifference = (part: string, first: string, second: string): string =>
  `(date_part('${part}', (${second})::timestamp) - date_part('${part}', (${first})::timestamp))`;

/** Boundaries between two instants, counted as PostgreSQL can: by parts of the date. */
function postgresDateDifference(first = '', second = '', part = ''): string {
  const days = dayDifference(first, second);
  const years = partDifference('year', first, second);
  const hours = `(${days} * 24 + ${timeDifference('hour', first, second)})`;
  const minutes = `(${hours} * 60 + ${timeDifference('minute', first, second)})`;
  switch (part.toLowerCase()) {
    case 'year':
      return years;
    case 'quarter':
      return `(${years} * 4 + ${partDifference('quarter', first, second)})`;
    case 'month':
      return `(${years} * 12 + ${partDifference('month', first, second)})`;
    case 'day':
      return days;
    case 'hour':
      return hours;
    case 'minute':
      return minutes;
    case 'second':
      return `(${minutes} * 60 + floor(date_part('second', (${second})::timestamp)) - floor(date_part('second', (${first})::timestamp)))`;
    default:
      throw new ConfigError(`dbt.datediff by "${part}" is not yet supported on PostgreSQL`, {
        code: 'not_yet_supported',
      });
  }
}

const macros: Readonly<Record<string, WarehouseMacro>> = {
  type_string: same([], () => 'text'),
  type_timestamp: same([], () => 'timestamp'),
  type_float: same([], () => 'float'),
  type_numeric: same([], () => 'numeric(28,6)'),
  type_bigint: same([], () => 'bigint'),
  type_int: same([], () => 'integer'),
  type_boolean: same([], () => 'boolean'),
  current_timestamp: same([], () => 'now()'),
  current_timestamp_backcompat: same([], () => 'now()::timestamp'),
  any_value: same(['expression'], (expression) => `any_value(${expression})`),
  bool_or: same(['expression'], (expression) => `bool_or(${expression})`),
  cast: same(['field', 'type'], (field, type) => `cast(${field} as ${type})`),
  cast_bool_to_text: same(['field'], (field) => `cast(${field} as text)`),
  date_trunc: same(['datepart', 'date'], (part, date) => `date_trunc('${part}', ${date})`),
  dateadd: same(
    ['datepart', 'interval', 'from_date_or_timestamp'],
    (part, interval, from) => `(${from} + (interval '1 ${part}') * (${interval}))`,
  ),
  datediff: {
    parameters: ['first_date', 'second_date', 'datepart'],
    duckdb: (first, second, part) => `date_diff('${part}', (${first})::timestamp, (${second})::timestamp)`,
    postgres: postgresDateDifference,
  },
  last_day: same(
    ['date', 'datepart'],
    (date, part) => `cast(date_trunc('${part}', ${date}) + interval '1 ${part}' - interval '1 day' as date)`,
  ),
  escape_single_quotes: same(['expression'], (expression = '') => expression.replaceAll("'", "''")),
  except: same([], () => 'except'),
  intersect: same([], () => 'intersect'),
  hash: same(['field'], (field) => `md5(cast(${field} as text))`),
  length: same(['expression'], (expression) => `length(${expression})`),
  position: same(['substring_text', 'string_text'], (part, whole) => `position(${part} in ${whole})`),
  replace: same(
    ['field', 'old_chars', 'new_chars'],
    (field, from, to) => `replace(${field}, ${from}, ${to})`,
  ),
  right: same(
    ['string_text', 'length_expression'],
    (text, length) => `case when ${length} = 0 then '' else right(${text}, ${length}) end`,
  ),
  safe_cast: {
    parameters: ['field', 'type'],
    duckdb: (field, type) => `try_cast(${field} as ${type})`,
    postgres: (field, type) => `cast(${field} as ${type})`,
  },
  split_part: same(
    ['string_text', 'delimiter_text', 'part_number'],
    (text, delimiter, part) => `split_part(${text}, ${delimiter}, ${part})`,
  ),
  string_literal: same(['value'], (value) => `'${value}'`),
};

/** `dbt.*` macros that spell one expression per database. Each may also be called without `dbt.`. */
export function warehouseMacros(dialectName: string): ReadonlyMap<string, TemplateFunction> {
  const spelling = dialectName === 'postgres' ? 'postgres' : 'duckdb';
  const functions = Object.entries(macros).map(([name, macro]): [string, TemplateFunction] => [
    name,
    (args: CallArguments) => {
      const bound = args.bind(name, macro.parameters);
      return macro[spelling](...macro.parameters.map((parameter) => printed(bound[parameter] ?? null)));
    },
  ]);
  return new Map([...functions, ['concat', concat]]);
}

/** `dbt.concat(fields)`; NULL in a field makes NULL, as `||` does. */
function concat(args: CallArguments): Value {
  const fields = args.get(0, 'fields');
  return itemsOf(fields ?? null)
    .map((field) => printed(field))
    .join(' || ');
}
