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

/** Parts that an interval does not know, as others. */
const addedParts: Readonly<Record<string, readonly [number, string]>> = {
  quarter: [3, 'month'],
  week: [7, 'day'],
};

/** Sundays between two instants, as dbt counts weeks; `divide` is the database's whole division. */
function weekDifference(first: string, second: string, divide: string): string {
  const weekday = (date: string): string => `date_part('dow', (${date})::timestamp)`;
  return (
    `(${dayDifference(first, second)} ${divide} 7 + case when ${weekday(first)} <= ${weekday(second)} ` +
    `then case when ${first} <= ${second} then 0 else -1 end ` +
    `else case when ${first} <= ${second} then 1 else 0 end end)`
  );
}

function isoDate(year = '', month = '', day = ''): string {
  return `cast('${year.padStart(4, '0')}-${month.padStart(2, '0')}-${day.padStart(2, '0')}' as date)`;
}

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
    case 'week':
      return weekDifference(first, second, '/');
    case 'hour':
      return hours;
    case 'minute':
      return minutes;
    case 'second':
      return `(${minutes} * 60 + floor(date_part('second', (${second})::timestamp)) - floor(date_part('second', (${first})::timestamp)))`;
    case 'millisecond':
    case 'microsecond': {
      const perMinute = part.toLowerCase() === 'millisecond' ? 60_000 : 60_000_000;
      const fraction = (date: string): string => `floor(date_part('${part}', (${date})::timestamp))`;
      return `(${minutes} * ${perMinute} + ${fraction(second)} - ${fraction(first)})`;
    }
    default:
      throw new ConfigError(`dbt.datediff by "${part}" is not yet supported on PostgreSQL`, {
        code: 'not_yet_supported',
      });
  }
}

const macros: Readonly<Record<string, WarehouseMacro>> = {
  type_string: same([], () => 'TEXT'),
  type_timestamp: same([], () => 'timestamp'),
  type_float: same([], () => 'float'),
  type_numeric: same([], () => 'numeric(28,6)'),
  type_bigint: same([], () => 'bigint'),
  type_int: same([], () => 'integer'),
  type_boolean: same([], () => 'boolean'),
  current_timestamp: same([], () => 'now()'),
  current_timestamp_backcompat: same([], () => 'current_timestamp::timestamp'),
  current_timestamp_in_utc_backcompat: {
    parameters: [],
    duckdb: () => 'current_timestamp::timestamp',
    postgres: () => "(current_timestamp at time zone 'utc')::timestamp",
  },
  snapshot_get_time: {
    parameters: [],
    duckdb: () => 'now()::timestamp',
    postgres: () => 'now()::timestamp without time zone',
  },
  any_value: {
    parameters: ['expression'],
    duckdb: (expression) => `arbitrary(${expression})`,
    postgres: (expression) => `min(${expression})`,
  },
  array_append: same(['array', 'new_element'], (array, element) => `array_append(${array}, ${element})`),
  array_concat: same(['array_1', 'array_2'], (first, second) => `array_cat(${first}, ${second})`),
  equals: same(['expr1', 'expr2'], (left, right) => `(${left} = ${right})`),
  date: {
    parameters: ['year', 'month', 'day'],
    duckdb: isoDate,
    postgres: isoDate,
  },
  bool_or: same(['expression'], (expression) => `bool_or(${expression})`),
  cast: same(['field', 'type'], (field, type) => `cast(${field} as ${type})`),
  cast_bool_to_text: same(['field'], (field) => `cast(${field} as TEXT)`),
  date_trunc: same(['datepart', 'date'], (part, date) => `date_trunc('${part}', ${date})`),
  dateadd: {
    parameters: ['datepart', 'interval', 'from_date_or_timestamp'],
    duckdb: (part = '', interval, from) => {
      const [times, unit] = addedParts[part.toLowerCase()] ?? [1, part];
      const count = times === 1 ? `cast(${interval} as bigint)` : `(cast(${interval} as bigint) * ${times})`;
      return `(${from} + ${count} * interval 1 ${unit})`;
    },
    postgres: (part = '', interval, from) =>
      `${from} + ((interval '${part.toLowerCase() === 'quarter' ? '3 month' : `1 ${part}`}') * (${interval}))`,
  },
  datediff: {
    parameters: ['first_date', 'second_date', 'datepart'],
    duckdb: (first = '', second = '', part = '') =>
      part.toLowerCase() === 'week'
        ? weekDifference(first, second, '//')
        : `(date_diff('${part}', ${first}::timestamp, ${second}::timestamp ))`,
    postgres: postgresDateDifference,
  },
  last_day: same(['date', 'datepart'], (date, part = '') => {
    const [times, unit] = addedParts[part.toLowerCase()] ?? [1, part];
    return `cast(date_trunc('${part}', ${date}) + interval '${times} ${unit}' - interval '1 day' as date)`;
  }),
  escape_single_quotes: same(['expression'], (expression = '') => expression.replaceAll("'", "''")),
  except: same([], () => 'except'),
  intersect: same([], () => 'intersect'),
  hash: same(['field'], (field) => `md5(cast(${field} as TEXT))`),
  length: same(['expression'], (expression) => `length(${expression})`),
  position: same(['substring_text', 'string_text'], (part, whole) => `position(${part} in ${whole})`),
  replace: same(
    ['field', 'old_chars', 'new_chars'],
    (field, from, to) => `replace(${field}, ${from}, ${to})`,
  ),
  right: same(['string_text', 'length_expression'], (text, length) => `right(${text}, ${length})`),
  safe_cast: same(['field', 'type'], (field, type) => `cast(${field} as ${type})`),
  split_part: {
    parameters: ['string_text', 'delimiter_text', 'part_number'],
    duckdb: (text, delimiter, part) => `string_split(${text}, ${delimiter})[${part}]`,
    postgres: (text, delimiter, part) => `split_part(${text}, ${delimiter}, ${part})`,
  },
  string_literal: same(['value'], (value) => `'${value}'`),
  literal: same(['value'], (value) => `'${value}'`),
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
  return new Map([
    ...functions,
    ['concat', concat],
    ['array_construct', arrayConstruct],
    ['listagg', listagg(spelling)],
  ]);
}

/** `dbt.concat(fields)`; NULL in a field makes NULL, as `||` does. */
function concat(args: CallArguments): Value {
  const fields = args.get(0, 'fields');
  return itemsOf(fields ?? null)
    .map((field) => printed(field))
    .join(' || ');
}

/** `dbt.array_construct(inputs, data_type)`; the type is for the empty array. */
function arrayConstruct(args: CallArguments): Value {
  const { inputs, data_type: type } = args.bind('array_construct', ['inputs?', 'data_type?']);
  const items = itemsOf(inputs ?? []).map((item) => printed(item));
  return items.length > 0 ? `array[${items.join(', ')}]` : `array[]::${printed(type ?? 'integer')}[]`;
}

/** `dbt.listagg(measure, delimiter, order_by_clause, limit_num)` */
function listagg(spelling: 'duckdb' | 'postgres'): TemplateFunction {
  return (args) => {
    const bound = args.bind('listagg', ['measure', 'delimiter_text?', 'order_by_clause?', 'limit_num?']);
    const text = (name: string): string => printed(bound[name] ?? '');
    const delimiter = text('delimiter_text') || "','";
    if (!bound['limit_num']) return `string_agg(${text('measure')}, ${delimiter} ${text('order_by_clause')})`;
    const first = `(array_agg(${text('measure')} ${text('order_by_clause')}))[1:${text('limit_num')}]`;
    return spelling === 'duckdb'
      ? `list_aggr(${first}, 'string_agg', ${delimiter})`
      : `array_to_string(${first}, ${delimiter})`;
  };
}
