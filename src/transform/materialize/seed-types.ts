/** The type dbt would give to a seed's column, found over all its values. */
export function inferSeedType(values: readonly (string | null)[]): string {
  const known = values.filter((value) => value !== null);
  const numbers = known.map((value) => numberText(value));
  if (numbers.every((number) => number !== undefined)) return numberType(numbers);
  if (known.every((value) => isDay(datePattern.exec(value.trim())))) return 'date';
  if (known.every((value) => isMoment(value, plainPattern))) return 'timestamp';
  if (known.every((value) => isMoment(value, plainPattern) || isMoment(value, isoPattern))) {
    return known.every((value) => isMoment(value, isoPattern)) ? 'timestamp' : 'text';
  }
  if (known.every((value) => /^(true|false)$/i.test(value))) return 'boolean';
  return 'text';
}

/** dbt reads a blank field and `null` as NULL. */
export function seedValue(field: string): string | null {
  const word = field.trim().toLowerCase();
  return word === '' || word === 'null' ? null : field;
}

/** The text that a cast to `type` takes: `7.0` in a column of whole numbers is `7`, `$1,000` is `1000`. */
export function storedText(value: string | null, type: string): string | null {
  if (value === null) return value;
  if (/^(integer|bigint|int|smallint|numeric\(38,0\))$/i.test(type)) {
    return (numberText(value) ?? value).trim().replace(/\.0*$/, '');
  }
  return type === 'double precision' ? (numberText(value) ?? value) : value;
}

const numberPattern = /^[-+]?(\d+(\.\d*)?|\.\d+)(e[-+]?\d{1,2})?$/i;
const datePattern = /^(\d{4})-(\d{1,2})-(\d{1,2})$/;
const plainPattern = /^(\d{4})-(\d{1,2})-(\d{1,2}) \d{1,2}:\d{1,2}:\d{1,2}$/;
const isoPattern = /^(\d{4})-(\d{2})-(\d{2})T\d{2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?(?:Z|[+-]\d{2}(?::?\d{2})?)?$/;

/** A number as plain digits, without the signs that dbt reads over: currency, percent, thousands, underscores. */
function numberText(value: string): string | undefined {
  const bare = value
    .trim()
    .replaceAll(/^[$€£¥%]+|[$€£¥%]+$/g, '')
    .replaceAll(/,|(?<=\d)_(?=\d)/g, '');
  if (!numberPattern.test(bare)) return undefined;
  return /e/i.test(bare) ? withoutExponent(bare) : bare.replace(/^\+/, '');
}

function withoutExponent(text: string): string {
  const [digits = '', exponent = '0'] = text.replace(/^\+/, '').toLowerCase().split('e');
  const sign = digits.startsWith('-') ? '-' : '';
  const [whole = '', fraction = ''] = digits.replace('-', '').split('.');
  const point = whole.length + Number(exponent);
  const all = whole + fraction;
  const padded = point > all.length ? all.padEnd(point, '0') : '0'.repeat(Math.max(0, -point)) + all;
  const at = Math.max(0, point);
  const rest = padded.slice(at).replace(/0+$/, '');
  return `${sign}${padded.slice(0, at).replace(/^0+(?=\d)/, '') || '0'}${rest === '' ? '' : `.${rest}`}`;
}

function numberType(values: readonly string[]): string {
  if (values.some((value) => /\.\d*[1-9]/.test(value))) return 'double precision';
  const widest = values.reduce((max, value) => {
    const digits = BigInt(value.replace(/\..*$/, '').replace(/^-?$/, '0'));
    const size = digits < 0n ? -digits - 1n : digits;
    return size > max ? size : max;
  }, 0n);
  if (widest < 2n ** 31n) return 'integer';
  return widest < 2n ** 63n ? 'bigint' : 'numeric(38,0)';
}

function isMoment(text: string, pattern: RegExp): boolean {
  return isDay(pattern.exec(text.trim()));
}

function isDay(match: RegExpExecArray | null): boolean {
  if (!match) return false;
  const [year, month, day] = match.slice(1, 4).map(Number) as [number, number, number];
  const date = new Date(Date.UTC(year, month - 1, day));
  return date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
}
