import type { DataType } from '../../sql/data-type.ts';

/** True if every value of `narrow` is also a value of `wide`, exactly, after a cast. */
export function holds(wide: DataType, narrow: DataType): boolean {
  if (wide.type === 'text') {
    if (wide.maxLength === undefined) return narrow.type !== 'bytes';
    return narrow.type === 'text' && narrow.maxLength !== undefined && narrow.maxLength <= wide.maxLength;
  }
  if (wide.type === 'array') return narrow.type === 'array' && holds(wide.element, narrow.element);
  if (wide.type === 'decimal') return decimalHolds(wide.precision, wide.scale, narrow);
  if (wide.type === narrow.type) return true;
  const wider = widerTypes[narrow.type] ?? [];
  return wider.includes(wide.type);
}

const widerTypes: Readonly<Partial<Record<DataType['type'], readonly DataType['type'][]>>> = {
  int16: ['int32', 'int64', 'float32', 'float64'],
  int32: ['int64', 'float64'],
  float32: ['float64'],
  date: ['timestamp'],
};

const integerDigits: Readonly<Partial<Record<DataType['type'], number>>> = { int16: 5, int32: 10, int64: 19 };

/** The exact number that holds all values of both; undefined when they are no exact numbers, or it has too many digits. */
export function joinedType(one: DataType, other: DataType): DataType | undefined {
  const [first, second] = [exactDigits(one), exactDigits(other)];
  if (!first || !second) return undefined;
  const scale = Math.max(first.scale, second.scale);
  const precision = Math.max(first.whole, second.whole) + scale;
  return precision > mostDigits ? undefined : { type: 'decimal', precision, scale };
}

/** What every system has exact numbers for. */
const mostDigits = 38;

function exactDigits(type: DataType): { readonly whole: number; readonly scale: number } | undefined {
  const whole = integerDigits[type.type];
  if (whole !== undefined) return { whole, scale: 0 };
  if (type.type !== 'decimal' || type.precision === undefined) return undefined;
  const { precision, scale = 0 } = type;
  return { whole: precision - scale, scale };
}

function decimalHolds(precision: number | undefined, scale = 0, narrow: DataType): boolean {
  const digits = integerDigits[narrow.type];
  if (precision === undefined) return digits !== undefined || narrow.type === 'decimal';
  if (digits !== undefined) return precision - scale >= digits;
  if (narrow.type !== 'decimal' || narrow.precision === undefined) return false;
  const narrowScale = narrow.scale ?? 0;
  return narrowScale <= scale && narrow.precision - narrowScale <= precision - scale;
}
