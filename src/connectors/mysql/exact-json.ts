const tokens = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?/g;
/** So many digits every double keeps. */
const safeDigits = 15;
const least = -(2n ** 63n);
const most = 2n ** 64n - 1n;

/**
 * A number in a document that MySQL's JSON would round: it keeps whole numbers of 64 bits, and all others as doubles.
 * Undefined when there is none.
 */
export function inexactNumber(json: string): string | undefined {
  if (!/[\d.]{16}|[eE]/.test(json)) return undefined;
  for (const [token] of json.matchAll(tokens))
    if (!token.startsWith('"') && !isExactNumber(token)) return token;
  return undefined;
}

/** True if MySQL's JSON keeps a number to the last digit. */
function isExactNumber(text: string): boolean {
  if (text.length <= safeDigits && !/[eE]/.test(text)) return true;
  if (/^-?\d+$/.test(text)) {
    const value = BigInt(text);
    if (value >= least && value <= most) return true;
  }
  return plainest(text) === plainest(String(Number(text)));
}

/** Sign, digits without zeros around them, and the power of ten of the last one. */
function plainest(text: string): string {
  const [, sign = '', whole = '', fraction = '', exponent = '0'] =
    /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([-+]?\d+))?$/.exec(text) ?? [];
  const digits = `${whole}${fraction}`.replace(/^0+/, '');
  const short = digits.replace(/0+$/, '');
  if (short === '') return '0';
  return `${sign}${short}e${Number(exponent) - fraction.length + digits.length - short.length}`;
}
