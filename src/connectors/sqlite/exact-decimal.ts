/** A number as sign, digits and exponent: `digits * 10^-scale`. */
export interface ExactDecimal {
  readonly unscaled: bigint;
  /** Digits after the point; never negative. */
  readonly scale: number;
}

const decimalPattern = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,3}))?$/;

/** Reads `-12.50` or `1.5e-7`; undefined for anything else. */
export function parseDecimal(text: string): ExactDecimal | undefined {
  const match = decimalPattern.exec(text.trim());
  const whole = match?.[2] ?? '';
  const fraction = match?.[3] ?? '';
  if (!match || whole + fraction === '') return undefined;
  const digits = BigInt(whole + fraction) * (match[1] === '-' ? -1n : 1n);
  const scale = fraction.length - Number(match[4] ?? 0);
  return scale >= 0 ? { unscaled: digits, scale } : { unscaled: digits * 10n ** BigInt(-scale), scale: 0 };
}

/** `value` at that scale; undefined when digits other than zero would be lost. */
export function rescaleExactly(value: ExactDecimal, scale: number): bigint | undefined {
  if (scale >= value.scale) return value.unscaled * 10n ** BigInt(scale - value.scale);
  const divisor = 10n ** BigInt(value.scale - scale);
  return value.unscaled % divisor === 0n ? value.unscaled / divisor : undefined;
}

/** `value` at that scale, half away from zero. */
export function rescaleRounding(value: ExactDecimal, scale: number): bigint {
  if (scale >= value.scale) return value.unscaled * 10n ** BigInt(scale - value.scale);
  const divisor = 10n ** BigInt(value.scale - scale);
  const magnitude = value.unscaled < 0n ? -value.unscaled : value.unscaled;
  const rounded = (magnitude * 2n + divisor) / (divisor * 2n);
  return value.unscaled < 0n ? -rounded : rounded;
}

/** Plain digits, without exponent: `-0.05`. */
export function decimalText(value: ExactDecimal): string {
  const magnitude = (value.unscaled < 0n ? -value.unscaled : value.unscaled).toString();
  const digits = magnitude.padStart(value.scale + 1, '0');
  const whole = digits.slice(0, digits.length - value.scale);
  const fraction = digits.slice(digits.length - value.scale);
  return `${value.unscaled < 0n ? '-' : ''}${whole}${fraction ? `.${fraction}` : ''}`;
}
