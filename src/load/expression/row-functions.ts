import type { DataType } from '../../sql/data-type.ts';
import type { RowExpression } from './row-expression.ts';
import { typeOfWord, typeWords } from './type-word.ts';

/** A function over the values of a row, which the systems evaluate themselves. */
export interface RowFunction {
  /** Least and most arguments. */
  readonly takes: readonly [number, number];
  /** Types that an argument may have, by its place; any where there is none. */
  readonly of?: readonly (readonly string[] | 'condition')[];
  type(types: readonly DataType[], args: readonly RowExpression[]): DataType;
}

const text: DataType = { type: 'text' };
const integer: DataType = { type: 'int64' };
const truth: DataType = { type: 'boolean' };
const float: DataType = { type: 'float64' };
const time: DataType = { type: 'timestamp' };

const texts = ['text'] as const;
const numbers = ['number', 'int16', 'int32', 'int64', 'float32', 'float64', 'decimal'] as const;
const dates = ['a date', 'date', 'timestamp', 'timestamptz'] as const;

const ofTexts = (count: number, type: DataType = text): RowFunction => ({
  takes: [count, count],
  of: Array.from({ length: count }, () => texts),
  type: () => type,
});

const same = wider;

/** What is no text is as clean as it can be. */
const cleaning: ReadonlySet<string> = new Set([
  'upper', 'lower', 'trim', 'trim_space', 'empty_as_null', 'replace_accents', 'remove_diacritics',
  'replace_non_printable', 'replace_0x00',
]); // prettier-ignore

/** True for functions that leave numbers and times as they are. */
export function cleansText(name: string): boolean {
  return cleaning.has(name);
}

/** True where a function takes a text, or the text of what is none. */
export function takesText(name: string, index: number): boolean {
  return Object.hasOwn(rowFunctions, name) && rowFunctions[name]?.of?.[index] === texts;
}

/** Bytes have no text that all systems would read as the same bytes. */
const castWords = typeWords.filter((word) => word !== 'binary' && word !== 'geometry');

function castType([from = text]: readonly DataType[], [, word]: readonly RowExpression[]): DataType {
  const spec = word?.kind === 'literal' ? String(word.value).trim().toLowerCase() : '';
  const found = typeOfWord(spec);
  if ('unknown' in found || found.type === 'bytes')
    throw new SyntaxError(
      `cast() takes one of these types: ${castWords.join(', ')}; with a size: decimal(12,2), string(20)`,
    );
  if (spec === 'int') return integer;
  return found.type === 'decimal' && found.precision === undefined ? decimalOf(from) : found;
}

/** A `decimal` alone keeps what it is made of; of what has no known digits it is as BigQuery's NUMERIC. */
function decimalOf(from: DataType): DataType {
  if (from.type === 'decimal') return from;
  if (from.type.startsWith('int')) return { type: 'decimal', precision: 19, scale: 0 };
  return { type: 'decimal', precision: 38, scale: 9 };
}

/** The type that holds the values of all. */
function wider(types: readonly DataType[]): DataType {
  const [first = text, ...others] = types;
  if (others.every((type) => JSON.stringify(type) === JSON.stringify(first))) return first;
  const all = [first, ...others];
  if (all.every(({ type }) => type === 'text')) return text;
  if (all.every(({ type }) => type.startsWith('int'))) return integer;
  if (all.every(({ type }) => type.startsWith('int') || type === 'decimal' || type.startsWith('float'))) {
    const scales = all.map((type) => (type.type === 'decimal' ? (type.scale ?? Infinity) : 0));
    const isExact = all.every(({ type }) => !type.startsWith('float')) && scales.every((scale) => scale < 19);
    return isExact ? { type: 'decimal', precision: 38, scale: Math.max(...scales) } : float;
  }
  const kinds = [...new Set(all.map(({ type }) => type))].join(' and ');
  throw new SyntaxError(`values of ${kinds} cannot be one; use cast()`);
}

/** The NULL of a literal has the type of what is beside it. */
function besideNull(types: readonly DataType[], args: readonly RowExpression[]): DataType {
  const known = types.filter((_, index) => {
    const arg = args[index];
    return !(arg?.kind === 'literal' && arg.value === null);
  });
  return same(known.length > 0 ? known : types);
}

export const rowFunctions: Readonly<Record<string, RowFunction>> = {
  upper: ofTexts(1),
  lower: ofTexts(1),
  trim: ofTexts(1),
  trim_space: ofTexts(1),
  empty_as_null: ofTexts(1),
  replace_accents: ofTexts(1),
  remove_diacritics: ofTexts(1),
  replace_non_printable: ofTexts(1),
  replace_0x00: ofTexts(1),
  hash_md5: ofTexts(1),
  hash_sha256: ofTexts(1),
  hash_sha512: ofTexts(1),
  hash: { takes: [1, 2], of: [texts, texts], type: () => text },
  replace: ofTexts(3),
  contains: ofTexts(2, truth),
  starts_with: ofTexts(2, truth),
  ends_with: ofTexts(2, truth),
  length: ofTexts(1, integer),
  substring: { takes: [2, 3], of: [texts, numbers, numbers], type: () => text },
  split_part: { takes: [3, 3], of: [texts, texts, numbers], type: () => text },
  parse_uuid: { takes: [1, 1], of: [['bytes']], type: () => ({ type: 'uuid' }) },
  parse_ms_uuid: { takes: [1, 1], of: [['bytes']], type: () => ({ type: 'uuid' }) },
  abs: { takes: [1, 1], of: [numbers], type: (types) => same(types) },
  ceil: { takes: [1, 1], of: [numbers], type: () => integer },
  floor: { takes: [1, 1], of: [numbers], type: () => integer },
  round: { takes: [1, 2], of: [numbers, numbers], type: ([type = float]) => type },
  int_parse: { takes: [1, 1], type: () => integer },
  float_parse: { takes: [1, 1], type: () => float },
  bool_parse: { takes: [1, 1], of: [texts], type: () => truth },
  greatest: { takes: [1, Infinity], type: besideNull },
  least: { takes: [1, Infinity], type: besideNull },
  coalesce: { takes: [1, Infinity], type: besideNull },
  value: { takes: [2, 2], type: besideNull },
  if: {
    takes: [3, 3],
    of: ['condition'],
    type: (types, args) => besideNull(types.slice(1), args.slice(1)),
  },
  equals: { takes: [2, 2], type: () => truth },
  is_null: { takes: [1, 1], type: () => truth },
  is_empty: { takes: [1, 1], of: [texts], type: () => truth },
  cast: { takes: [2, 2], type: castType },
  try_cast: { takes: [2, 2], type: castType },
  now: { takes: [0, 0], type: () => ({ type: 'timestamptz' }) },
  date_parse: { takes: [1, 1], of: [['text', ...dates]], type: () => time },
  date_format: { takes: [2, 2], of: [dates, texts], type: () => text },
  date_trunc: { takes: [2, 2], of: [dates, texts], type: () => time },
  date_first: { takes: [1, 2], of: [dates, texts], type: () => ({ type: 'date' }) },
  date_last: { takes: [1, 2], of: [dates, texts], type: () => ({ type: 'date' }) },
  date_add: { takes: [2, 3], of: [dates, numbers, texts], type: () => time },
  date_diff: { takes: [2, 3], of: [dates, dates, texts], type: () => integer },
  date_extract: { takes: [2, 2], of: [dates, texts], type: () => integer },
};
