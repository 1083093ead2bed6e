import type { DataType } from '../../sql/data-type.ts';

/** Types by the words that people write for them. */
const types: Readonly<Record<string, DataType>> = {
  bigint: { type: 'int64' },
  integer: { type: 'int32' },
  int: { type: 'int32' },
  smallint: { type: 'int16' },
  decimal: { type: 'decimal' },
  numeric: { type: 'decimal' },
  float: { type: 'float64' },
  double: { type: 'float64' },
  string: { type: 'text' },
  varchar: { type: 'text' },
  text: { type: 'text' },
  bool: { type: 'boolean' },
  boolean: { type: 'boolean' },
  date: { type: 'date' },
  datetime: { type: 'timestamp' },
  timestamp: { type: 'timestamp' },
  timestampz: { type: 'timestamptz' },
  timestamptz: { type: 'timestamptz' },
  time: { type: 'time' },
  timez: { type: 'timetz' },
  timetz: { type: 'timetz' },
  json: { type: 'json' },
  uuid: { type: 'uuid' },
  binary: { type: 'bytes' },
  geometry: { type: 'bytes' },
};

export const typeWords: readonly string[] = Object.keys(types);

/**
 * The type that `decimal(12,2)`, `string(20)` or `date` means; or what of it is not known. A `decimal` alone has no
 * precision.
 */
export function typeOfWord(text: string): DataType | { readonly unknown: 'word' | 'size' } {
  const parts = /^([a-z]+)\s*(?:\(\s*(\d+)\s*(?:,\s*(\d+)\s*)?\))?$/i.exec(text.trim());
  const word = parts?.[1]?.toLowerCase() ?? '';
  const base = Object.hasOwn(types, word) ? types[word] : undefined;
  if (!parts || !base) return { unknown: 'word' };
  const [size, scale] = [parts[2], parts[3]].map((digits) =>
    digits === undefined ? undefined : Number(digits),
  );
  if (size === undefined) return base;
  if (base.type === 'decimal') return { type: 'decimal', precision: size, scale: scale ?? 0 };
  if (base.type === 'text' && scale === undefined) return { type: 'text', maxLength: size };
  return { unknown: 'size' };
}
