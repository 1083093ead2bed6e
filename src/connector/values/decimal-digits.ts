const decimalText = /^([+-]?)(\d*)(?:\.(\d*))?(?:e([+-]?\d{1,4}))?$/i;

/**
 * The unscaled value of a decimal's text: `'-12.5'` at scale 2 is -1250.
 * @returns undefined when it is no decimal or has more places than the scale
 */
export function unscaledOf(text: string, scale: number): bigint | undefined {
  const found = decimalText.exec(text);
  const [whole, fraction] = [found?.[2] ?? '', found?.[3] ?? ''];
  if (!found || whole + fraction === '') return undefined;
  const shift = scale - fraction.length + Number(found[4] ?? 0);
  const digits = whole + fraction;
  if (shift < 0 && !/^0*$/.test(digits.slice(shift))) return undefined;
  const magnitude = BigInt(shift < 0 ? digits.slice(0, shift) || '0' : digits + '0'.repeat(shift));
  return found[1] === '-' ? -magnitude : magnitude;
}

export function decimalDigits(unscaled: bigint, scale: number): string {
  const magnitude = String(unscaled < 0n ? -unscaled : unscaled).padStart(scale + 1, '0');
  const whole = magnitude.slice(0, magnitude.length - scale);
  const sign = unscaled < 0n ? '-' : '';
  return scale === 0 ? sign + whole : `${sign}${whole}.${magnitude.slice(-scale)}`;
}

export function isDecimalText(text: string): boolean {
  return /^(NaN|-?Infinity|[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d{1,4})?)$/i.test(text);
}
