import { DataError } from '../../connector/index.ts';

/** Signs of PostgreSQL's binary numeric. */
const negative = 0x4000;
const notANumber = 0xc000;
const infinity = 0xd000;
const minusInfinity = 0xf000;

const powersOfTen: readonly number[] = Array.from({ length: 16 }, (_, exponent) => 10 ** exponent);

/**
 * Unscaled value of a binary numeric (`digits` in base 10000, most significant first) at `scale`,
 * when it is certain to be an exact double; undefined otherwise.
 */
export function smallUnscaled(view: DataView, at: number, scale: number): number | undefined {
  const digits = view.getInt16(at);
  if (digits === 0) return view.getUint16(at + 4) <= negative ? 0 : undefined;
  const sign = view.getUint16(at + 4);
  if (digits > 3 || sign > negative) return undefined;
  let value = view.getInt16(at + 8);
  if (digits > 1) value = value * 10000 + view.getInt16(at + 10);
  if (digits > 2) value = value * 10000 + view.getInt16(at + 12);
  const exponent = 4 * (view.getInt16(at + 2) - digits + 1) + scale;
  if (exponent > 15 || exponent < -15) return undefined;
  if (exponent >= 0) value *= powersOfTen[exponent] as number;
  else value /= powersOfTen[-exponent] as number;
  if (value > Number.MAX_SAFE_INTEGER || !Number.isInteger(value)) return undefined;
  return sign === negative ? -value : value;
}

/** The same for any size. Throws `DataError` for what no decimal of that scale can hold. */
export function bigUnscaled(
  view: DataView,
  at: number,
  scale: number,
  precision: number,
  column: string,
): bigint {
  const digits = view.getInt16(at);
  const sign = view.getUint16(at + 4);
  refuseSpecial(sign, column);
  let value = 0n;
  for (let index = 0; index < digits; index += 1)
    value = value * 10000n + BigInt(view.getInt16(at + 8 + 2 * index));
  const exponent = 4 * (view.getInt16(at + 2) - digits + 1) + scale;
  if (exponent >= 0) value *= 10n ** BigInt(exponent);
  else {
    const divisor = 10n ** BigInt(-exponent);
    if (value % divisor !== 0n) throw unfit(column, precision, scale);
    value /= divisor;
  }
  if (value >= 10n ** BigInt(precision)) throw unfit(column, precision, scale);
  return sign === negative ? -value : value;
}

function refuseSpecial(sign: number, column: string): void {
  const name =
    sign === notANumber ? 'NaN' : sign === infinity ? 'Infinity' : sign === minusInfinity ? '-Infinity' : '';
  if (name === '') return;
  throw new DataError(
    `Column "${column}" holds the numeric value ${name}, which a decimal column cannot hold.`,
    {
      code: 'numeric_special',
      next: `Read the column as text, for example with: select "${column}"::text`,
    },
  );
}

function unfit(column: string, precision: number, scale: number): DataError {
  return new DataError(`Column "${column}" holds a value that does not fit decimal(${precision},${scale}).`, {
    code: 'numeric_overflow',
    next: `Read the column as text, for example with: select "${column}"::text`,
  });
}

const special: ReadonlyMap<string, number> = new Map([
  ['NaN', notANumber],
  ['Infinity', infinity],
  ['-Infinity', minusInfinity],
]);

/** Binary numeric of `unscaled` / 10^`scale`. */
export function encodeNumeric(unscaled: bigint, scale: number): Buffer {
  const isNegative = unscaled < 0n;
  const text = (isNegative ? -unscaled : unscaled).toString().padStart(scale + 1, '0');
  const whole = text.slice(0, text.length - scale);
  return encodeDigits(isNegative, whole, text.slice(text.length - scale));
}

/** Binary numeric of decimal text; undefined when the text is no number. */
export function encodeNumericText(text: string): Buffer | undefined {
  const sign = special.get(text);
  if (sign !== undefined) return header(0, 0, sign, 0);
  const match = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,5}))?$/.exec(text.trim());
  if (!match || `${match[2]}${match[3] ?? ''}` === '') return undefined;
  const exponent = Number(match[4] ?? 0);
  let whole = match[2] ?? '';
  let fraction = match[3] ?? '';
  if (exponent > 0) {
    whole += fraction.slice(0, exponent).padEnd(exponent, '0');
    fraction = fraction.slice(exponent);
  } else if (exponent < 0) {
    const padded = whole.padStart(-exponent, '0');
    fraction = padded.slice(padded.length + exponent) + fraction;
    whole = padded.slice(0, padded.length + exponent);
  }
  return encodeDigits(match[1] === '-', whole, fraction);
}

function encodeDigits(isNegative: boolean, whole: string, fraction: string): Buffer {
  const left = whole.replace(/^0+/, '');
  const padded = left.padStart(Math.ceil(left.length / 4) * 4, '0');
  const text = padded + fraction.padEnd(Math.ceil(fraction.length / 4) * 4, '0');
  let weight = padded.length / 4 - 1;
  const digits: number[] = [];
  for (let at = 0; at < text.length; at += 4) digits.push(Number(text.slice(at, at + 4)));
  while (digits[0] === 0) {
    digits.shift();
    weight -= 1;
  }
  while (digits.at(-1) === 0) digits.pop();
  const bytes = header(
    digits.length,
    digits.length === 0 ? 0 : weight,
    isNegative && digits.length > 0 ? negative : 0,
    fraction.length,
  );
  digits.forEach((digit, index) => bytes.writeInt16BE(digit, 8 + 2 * index));
  return bytes;
}

function header(digits: number, weight: number, sign: number, displayScale: number): Buffer {
  const bytes = Buffer.alloc(8 + 2 * digits);
  bytes.writeInt16BE(digits, 0);
  bytes.writeInt16BE(weight, 2);
  bytes.writeUInt16BE(sign, 4);
  bytes.writeUInt16BE(displayScale, 6);
  return bytes;
}
