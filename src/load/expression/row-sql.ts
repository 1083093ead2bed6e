import { castTo } from '../../sql/cast.ts';
import { currentInstant } from '../../sql/clock.ts';
import type { DataType } from '../../sql/data-type.ts';
import type { Dialect } from '../../sql/dialect.ts';
import { textTransforms, transformedText, type TextTransform } from '../../sql/text-transform.ts';
import { dateSql } from './row-dates.ts';
import { notPossible } from './not-possible.ts';
import type { RowExpression } from './row-expression.ts';

/** How columns are written. */
type ColumnSql = (name: string) => string;

/**
 * The SQL of an expression over rows.
 * @param column the name itself, quoted, when absent
 * @throws ConfigError code `expression_not_possible` for what this system cannot do
 */
export function rowSql(
  dialect: Dialect,
  expression: RowExpression,
  column: ColumnSql = (name) => dialect.quote(name),
): string {
  const of = (part: RowExpression): string => rowSql(dialect, part, column);
  switch (expression.kind) {
    case 'column':
      return column(expression.name);
    case 'literal':
      return expression.value === null ? 'null' : dialect.literal(expression.value);
    case 'not':
      return `(not ${of(expression.of)})`;
    case 'minus':
      return `(-${of(expression.of)})`;
    case 'binary':
      return binarySql(dialect, expression, of);
    case 'call':
      return callSql(dialect, expression, of);
  }
}

type Binary = Extract<RowExpression, { kind: 'binary' }>;
type Call = Extract<RowExpression, { kind: 'call' }>;

const words: Readonly<Record<string, string>> = { '&&': 'and', '||': 'or', '==': '=', '!=': '<>' };

function binarySql(
  dialect: Dialect,
  { operator, left, right, type }: Binary,
  of: (part: RowExpression) => string,
): string {
  const [a, b] = [of(left), of(right)];
  if (operator === '==' || operator === '!=') {
    const not = operator === '==' ? '' : 'not ';
    if (isNull(right)) return `(${a} is ${not}null)`;
    if (isNull(left)) return `(${b} is ${not}null)`;
  }
  if (operator === '+' && type.type === 'text') {
    const parts = [left, right].map((part) => asText(dialect, part, of(part)));
    return joined(dialect, parts);
  }
  if (operator === '/') return `(${castTo(dialect, a, type)} / nullif(${b}, 0))`;
  const compared = ['==', '!=', '<', '<=', '>', '>='].includes(operator);
  const [x, y] = compared ? alike(dialect, left, right, a, b) : [a, b];
  return `(${x} ${words[operator] ?? operator} ${y})`;
}

/** A text beside a number or a date is one of these. */
function alike(
  dialect: Dialect,
  left: RowExpression,
  right: RowExpression,
  a: string,
  b: string,
): readonly [string, string] {
  if (left.type.type === right.type.type) return [a, b];
  if (left.kind === 'literal' && left.type.type === 'text') return [castTo(dialect, a, right.type), b];
  if (right.kind === 'literal' && right.type.type === 'text') return [a, castTo(dialect, b, left.type)];
  return [a, b];
}

function isNull(expression: RowExpression): boolean {
  return expression.kind === 'literal' && expression.value === null;
}

/** What is added to text; nothing adds nothing. */
function asText(dialect: Dialect, { type, kind }: RowExpression, sql: string): string {
  const shown = type.type === 'text' ? sql : castTo(dialect, sql, { type: 'text' });
  return kind === 'literal' ? shown : `coalesce(${shown}, '')`;
}

function isTextTransform(name: string): name is TextTransform {
  return (textTransforms as readonly string[]).includes(name);
}

const sameFunctions: Readonly<Record<string, TextTransform>> = {
  trim: 'trim_space',
  remove_diacritics: 'replace_accents',
};

function callSql(dialect: Dialect, { name, args, type }: Call, of: (part: RowExpression) => string): string {
  const sql = args.map(of);
  const [a = '', b = '', c = ''] = sql;
  const transform = sameFunctions[name] ?? name;
  if (isTextTransform(transform)) return transformedText(dialect, a, [transform]);
  if (name.startsWith('date_')) return dateSql(dialect, name, args, sql);
  const cast = (value: string, to: DataType = type): string => castTo(dialect, value, to);
  switch (name) {
    case 'hash':
      return transformedText(dialect, a, [hashName(args[1])]);
    case 'hash_sha512':
      return sha512(dialect, a);
    case 'replace':
      return `replace(${a}, ${b}, ${c})`;
    case 'replace_0x00':
      return dialect.name === 'postgres'
        ? a
        : `replace(${a}, ${dialect.name === 'duckdb' ? 'chr(0)' : 'char(0)'}, '')`;
    case 'contains':
      return dialect.name === 'postgres' ? `(strpos(${a}, ${b}) > 0)` : `(instr(${a}, ${b}) > 0)`;
    case 'starts_with':
      return `(substr(${a}, 1, ${lengthSql(dialect, b)}) = ${b})`;
    case 'ends_with':
      return `(substr(${a}, ${lengthSql(dialect, a)} - ${lengthSql(dialect, b)} + 1) = ${b})`;
    case 'length':
      return lengthSql(dialect, a);
    case 'substring':
      return args.length === 2 ? `substr(${a}, ${b} + 1)` : `substr(${a}, ${b} + 1, ${c} - ${b})`;
    case 'split_part':
      return splitPart(dialect, a, b, c);
    case 'parse_uuid':
      return cast(uuidSql(dialect, a, [1, 9, 13, 17, 21], [8, 4, 4, 4, 12]));
    case 'parse_ms_uuid':
      return cast(microsoftUuidSql(dialect, a));
    case 'round':
      return cast(
        dialect.name === 'postgres' && args.length === 2
          ? `round(cast(${a} as numeric), ${b})`
          : `round(${sql.join(', ')})`,
      );
    case 'ceil':
    case 'floor':
      return cast(`${name}(${a})`);
    case 'bool_parse':
      return boolean(dialect, a);
    case 'int_parse':
    case 'float_parse':
      return cast(a);
    case 'cast':
      // A cast to a length would cut; a column of that length refuses.
      return cast(a, type.type === 'text' ? { type: 'text' } : type);
    case 'try_cast':
      if (dialect.name === 'duckdb') return `try_cast(${a} as ${dialect.typeName(type)})`;
      throw notPossible(`${dialect.name} has no try_cast(); there is cast()`);
    case 'greatest':
    case 'least':
      return extreme(dialect, name, sql);
    case 'value':
      return type.type === 'text' ? `coalesce(nullif(${a}, ''), ${b})` : `coalesce(${a}, ${b})`;
    case 'if':
      return `(case when ${a} then ${b} else ${c} end)`;
    case 'equals':
      return `(${a} = ${b})`;
    case 'is_null':
      return `(${a} is null)`;
    case 'is_empty':
      return `(coalesce(${a}, '') = '')`;
    case 'now':
      return currentInstant(dialect);
    default:
      return `${name}(${sql.join(', ')})`;
  }
}

function hashName(algorithm: RowExpression | undefined): TextTransform {
  const name = algorithm?.kind === 'literal' ? String(algorithm.value) : 'md5';
  if (name === 'md5') return 'hash_md5';
  if (name === 'sha256') return 'hash_sha256';
  throw notPossible(`hash() knows md5 and sha256, and not ${name}`);
}

function sha512(dialect: Dialect, text: string): string {
  if (dialect.name === 'postgres') return `encode(sha512(convert_to(${text}, 'UTF8')), 'hex')`;
  if (dialect.name === 'mysql') return `sha2(${text}, 512)`;
  throw notPossible(`${dialect.name} has no SHA-512; use hash_sha256`);
}

function lengthSql({ name }: Dialect, text: string): string {
  return name === 'mysql' ? `char_length(${text})` : `length(${text})`;
}

/** Parts count from 0 in expressions. */
function splitPart({ name }: Dialect, text: string, by: string, index: string): string {
  if (name === 'sqlite') throw notPossible('sqlite has no split_part()');
  if (name !== 'mysql') return `nullif(split_part(${text}, ${by}, cast(${index} as integer) + 1), '')`;
  const count = `(char_length(${text}) - char_length(replace(${text}, ${by}, ''))) / char_length(${by})`;
  const part = `substring_index(substring_index(${text}, ${by}, ${index} + 1), ${by}, -1)`;
  return `(case when ${count} >= ${index} then nullif(${part}, '') end)`;
}

/** SQLite's is empty for NULL. */
function hexOf({ name }: Dialect, bytes: string): string {
  if (name === 'postgres') return `encode(${bytes}, 'hex')`;
  return name === 'sqlite' ? `lower(nullif(hex(${bytes}), ''))` : `lower(hex(${bytes}))`;
}

/** `||` is another operator in MySQL. */
function joined({ name }: Dialect, parts: readonly string[]): string {
  return name === 'mysql' ? `concat(${parts.join(', ')})` : `(${parts.join(' || ')})`;
}

function uuidSql(
  dialect: Dialect,
  bytes: string,
  starts: readonly number[],
  lengths: readonly number[],
): string {
  const hex = hexOf(dialect, bytes);
  const parts = starts.map((start, index) => `substr(${hex}, ${start}, ${lengths[index]})`);
  return joined(
    dialect,
    parts.flatMap((part, index) => (index === 0 ? [part] : [`'-'`, part])),
  );
}

/** The first three groups come with their bytes in reverse. */
function microsoftUuidSql(dialect: Dialect, bytes: string): string {
  const hex = hexOf(dialect, bytes);
  const reversed = [
    [7, 5, 3, 1],
    [11, 9],
    [15, 13],
  ].map((starts) => starts.map((start) => `substr(${hex}, ${start}, 2)`));
  const groups = [...reversed, [`substr(${hex}, 17, 4)`], [`substr(${hex}, 21, 12)`]];
  return joined(
    dialect,
    groups.flatMap((group, index) => (index === 0 ? group : [`'-'`, ...group])),
  );
}

/** Another word fails, as what it says is not known. */
function boolean(dialect: Dialect, text: string): string {
  if (dialect.name !== 'duckdb' && dialect.name !== 'postgres')
    throw notPossible(`${dialect.name} has no bool_parse()`);
  const word = `lower(${transformedText(dialect, text, ['trim_space'])})`;
  return `(case when ${word} in ('true', 't', 'yes', 'y', '1') then true when ${word} in ('false', 'f', 'no', 'n', '0') then false else cast(${text} as boolean) end)`;
}

/** MySQL and SQLite give NULL when one of several is. */
function extreme({ name: dialect }: Dialect, name: string, values: readonly string[]): string {
  if (dialect === 'duckdb' || dialect === 'postgres') return `${name}(${values.join(', ')})`;
  if (values.length === 1) return values[0] ?? 'null';
  const order = dialect === 'sqlite' ? (name === 'greatest' ? 'max' : 'min') : name;
  const full = values.map((value, index) => {
    const others = [...values.slice(index + 1), ...values.slice(0, index)];
    return `coalesce(${[value, ...others].join(', ')})`;
  });
  return `${order}(${full.join(', ')})`;
}
