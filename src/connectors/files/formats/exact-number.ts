/** Significant digits that a double always keeps. */
const exactDigits = 15;

/** Doubles below this are printed with an exponent. */
const tiny = /^-?0\.0{6}/;

/** True when a double prints as the number that was written, but for zeros at its ends. */
export function isExactDouble(written: string): boolean {
  if (tiny.test(written) && /[1-9]/.test(written)) return false;
  if (written.length <= exactDigits) return !/e\+?[0-9]{3}/i.test(written);
  return canonical(written) === canonical(String(Number(written)));
}

/** Digits without zeros at the ends, and the power of ten of the last one: `-12.50` is `-125e-1`. */
function canonical(number: string): string {
  const [, sign = '', whole = '', fraction = '', exponent = '0'] =
    /^(-?)([0-9]+)(?:\.([0-9]+))?(?:[eE]([+-]?[0-9]+))?$/.exec(number) ?? [];
  const digits = `${whole}${fraction}`.replace(/^0+/, '');
  const kept = digits.replace(/0+$/, '');
  if (kept === '') return '0';
  return `${sign}${kept}e${Number(exponent) - fraction.length + digits.length - kept.length}`;
}

/** A number with a point or an exponent that is longer than doubles are exact. */
const longNumber = /-?[0-9][0-9.]{15,}(?:[eE][+-]?[0-9]+)?/g;
/** SQL that is true when the text of a JSON value may hold a number that a double would round. */
export function mayHoldInexact(text: string): string {
  return `regexp_matches(${text}, '[0-9][0-9.]{15,}')`;
}

/** A longer row of digits at the end of a piece cannot be a number that anybody means. */
const mostCarried = 1024;

/** True when a text of JSON holds a number that a double would round; whole numbers of any length are kept. */
export async function hasInexactNumbers(pieces: AsyncIterable<string>): Promise<boolean> {
  let rest = '';
  for await (const piece of pieces) {
    const text = rest + piece;
    for (const [number] of text.matchAll(longNumber))
      if (/[.eE]/.test(number) && !isExactDouble(number)) return true;
    let start = text.length;
    while (start > 0 && text.length - start < mostCarried && /[0-9.eE+-]/.test(text.charAt(start - 1)))
      start -= 1;
    rest = text.slice(start);
  }
  return false;
}
