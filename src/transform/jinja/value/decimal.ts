import { Decimal } from './value.ts';

/** Digits that a quotient is worked out to, as Python's decimal does. */
const quotientDigits = 28;

interface Parts {
  readonly unscaled: bigint;
  /** Digits after the point. */
  readonly scale: number;
}

/** Python's `Decimal` of a text such as `1.10` or of what a float prints, `1e-07`. */
export function decimalOf(text: string): Decimal {
  return new Decimal(/e/i.test(text) ? textOf(partsOf(text)) : text);
}

/** `+ - * / // %` of two decimals or integers; undefined where Python's rules for floats are meant. */
export function decimalArithmetic(
  operator: string,
  left: Decimal | number | bigint,
  right: Decimal | number | bigint,
): Decimal | undefined {
  const a = partsOf(left instanceof Decimal ? left.text : left.toString());
  const b = partsOf(right instanceof Decimal ? right.text : right.toString());
  const scale = Math.max(a.scale, b.scale);
  const [x, y] = [widened(a, scale), widened(b, scale)];
  if (operator === '+') return new Decimal(textOf({ unscaled: x + y, scale }));
  if (operator === '-') return new Decimal(textOf({ unscaled: x - y, scale }));
  if (operator === '*') {
    return new Decimal(textOf({ unscaled: a.unscaled * b.unscaled, scale: a.scale + b.scale }));
  }
  if (y === 0n) return undefined;
  if (operator === '//') return new Decimal((x / y).toString());
  if (operator === '%') return new Decimal(textOf({ unscaled: x % y, scale }));
  return operator === '/' ? quotient(x, y) : undefined;
}

function quotient(x: bigint, y: bigint): Decimal {
  const room = Math.max(0, quotientDigits - (x / y).toString().replace('-', '').length);
  const whole = textOf({ unscaled: (x * 10n ** BigInt(room)) / y, scale: room });
  return new Decimal(whole.includes('.') ? whole.replace(/\.?0+$/, '') : whole);
}

function partsOf(text: string): Parts {
  const [mantissa = '', exponent = '0'] = text.toLowerCase().split('e');
  const [whole = '', fraction = ''] = mantissa.split('.');
  return { unscaled: BigInt(whole + fraction), scale: fraction.length - Number(exponent) };
}

/** With as many digits after the point as `wanted`, which are no fewer than there are. */
function widened({ unscaled, scale }: Parts, wanted: number): bigint {
  return unscaled * 10n ** BigInt(wanted - scale);
}

/** As Python prints it: with an exponent where digits before the point are missing, and below 1E-6. */
function textOf({ unscaled, scale }: Parts): string {
  const sign = unscaled < 0n ? '-' : '';
  const digits = unscaled.toString().replace('-', '');
  const exponent = digits.length - 1 - scale;
  if (scale < 0 || exponent < -6) {
    const fraction = digits.length > 1 ? `.${digits.slice(1)}` : '';
    return `${sign}${digits[0] ?? '0'}${fraction}E${exponent < 0 ? '-' : '+'}${Math.abs(exponent)}`;
  }
  if (scale === 0) return sign + digits;
  const padded = digits.padStart(scale + 1, '0');
  return `${sign}${padded.slice(0, -scale)}.${padded.slice(-scale)}`;
}
