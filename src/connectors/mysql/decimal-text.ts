/** Digits that a double holds whatever they are. */
const safeDigits = 15;

const powersOfTen: readonly number[] = Array.from({ length: 23 }, (_, exponent) => 10 ** exponent);

const minus = 0x2d;
const plus = 0x2b;
const point = 0x2e;
const zero = 0x30;

/** An integer of at most nine digits and a sign. */
export function shortInteger(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  const negative = bytes[at] === minus;
  if (negative) at += 1;
  let value = 0;
  for (; at < end; at += 1) value = value * 10 + (bytes[at] as number) - zero;
  return negative ? -value : value;
}

/**
 * A decimal times ten to the power of `scale`, when it is certain to be an exact double; NaN otherwise.
 * More decimals than `scale` must be cut by nobody, so they give NaN as well.
 */
export function smallUnscaled(bytes: Uint8Array, start: number, end: number, scale: number): number {
  if (end - start > safeDigits + 2) return Number.NaN;
  let at = start;
  const negative = bytes[at] === minus;
  if (negative) at += 1;
  let value = 0;
  let digits = 0;
  let decimals = -1;
  for (; at < end; at += 1) {
    const byte = bytes[at] as number;
    if (byte === point) decimals = 0;
    else {
      value = value * 10 + byte - zero;
      digits += 1;
      if (decimals >= 0) decimals += 1;
    }
  }
  const missing = scale - (decimals < 0 ? 0 : decimals);
  if (missing < 0 || digits + missing > safeDigits) return Number.NaN;
  if (missing > 0) value *= powersOfTen[missing] as number;
  return negative ? -value : value;
}

/** The same for any size; undefined when `text` is no decimal, or has more decimals than `scale`. */
export function bigUnscaled(text: string, scale: number): bigint | undefined {
  const match = /^(-?)(\d*)(?:\.(\d*))?$/.exec(text);
  const decimals = match?.[3] ?? '';
  if (!match || decimals.length > scale) return undefined;
  const value = BigInt(`${match[2] ?? ''}${decimals.padEnd(scale, '0')}` || '0');
  return match[1] === '-' ? -value : value;
}

/** The nearest double. A short mantissa and a small power of ten are exact, so that one operation rounds once. */
export function double(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  const negative = bytes[at] === minus;
  if (negative) at += 1;
  let mantissa = 0;
  let digits = 0;
  let exponent = 0;
  let pointSeen = false;
  for (; at < end; at += 1) {
    const byte = bytes[at] as number;
    if (byte === point) pointSeen = true;
    else if (byte >= zero && byte <= zero + 9) {
      mantissa = mantissa * 10 + byte - zero;
      digits += 1;
      if (pointSeen) exponent -= 1;
    } else break;
  }
  if (digits > safeDigits) return Number(ascii(bytes, start, end));
  if (at < end) {
    const signed = at + 1 + (bytes[at + 1] === plus ? 1 : 0);
    exponent += shortInteger(bytes, signed, end);
  }
  if (exponent > 22 || exponent < -22) return Number(ascii(bytes, start, end));
  const value =
    exponent < 0
      ? mantissa / (powersOfTen[-exponent] as number)
      : mantissa * (powersOfTen[exponent] as number);
  return negative ? -value : value;
}

export function ascii(bytes: Uint8Array, start: number, end: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('latin1');
}
