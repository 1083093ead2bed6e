/** The type dbt would give to a seed's column, found over all its values. */
export function inferSeedType(values: readonly (string | null)[]): string {
  const known = values.filter((value) => value !== null);
  if (known.every((value) => numberPattern.test(value))) return numberType(known);
  if (known.every((value) => datePattern.test(value) && isDay(value))) return 'date';
  if (known.every((value) => timestampPattern.test(value) && isDay(value.slice(0, 10)))) return 'timestamp';
  if (known.every((value) => /^(true|false)$/i.test(value))) return 'boolean';
  return 'text';
}

/** dbt reads an empty field and `null` as NULL. */
export function seedValue(field: string): string | null {
  return field === '' || field.toLowerCase() === 'null' ? null : field;
}

/** The text that a cast to `type` takes: `7.0` in a column of whole numbers is `7`. */
export function storedText(value: string | null, type: string): string | null {
  if (value === null || !/^(integer|bigint|int|smallint|numeric\(38,0\))$/i.test(type)) return value;
  return value.trim().replace(/^\+/, '').replace(/\.0*$/, '');
}

const numberPattern = /^\s*[-+]?(\d+(\.\d*)?|\.\d+)\s*$/;
const datePattern = /^\d{4}-\d{2}-\d{2}$/;
const timestampPattern = /^\d{4}-\d{2}-\d{2}[ T]\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2})?$/;

function numberType(values: readonly string[]): string {
  if (values.some((value) => /\.\d*[1-9]/.test(value))) return 'double precision';
  const widest = values.reduce((max, value) => {
    const digits = BigInt(value.trim().replace(/^\+/, '').replace(/\..*$/, '') || '0');
    const size = digits < 0n ? -digits - 1n : digits;
    return size > max ? size : max;
  }, 0n);
  if (widest < 2n ** 31n) return 'integer';
  return widest < 2n ** 63n ? 'bigint' : 'numeric(38,0)';
}

function isDay(text: string): boolean {
  const date = new Date(`${text}T00:00:00Z`);
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(text);
}
