import { createHash } from 'node:crypto';
import type { DatabaseSync } from 'node:sqlite';
import { dateText, timestampText, timeText } from '../../connector/value-text.ts';
import { DataError } from '../../core/errors.ts';
import { decimalText, type ExactDecimal, parseDecimal, rescaleRounding } from './exact-decimal.ts';
import { parseIsoDate, parseIsoTime, parseIsoTimestamp } from './iso-time.ts';
import type { StoredValue } from './stored-value.ts';

type Value = Exclude<StoredValue, null>;
type Result = string | number | bigint | Uint8Array | null | undefined;

/** As `sqliteDialect` has it: SQLite's numbers with a fraction keep so many digits. */
const maxExactDigits = 15;

/**
 * Gives a session the functions that `sqliteDialect` writes into statements. All give NULL for NULL; the casts throw
 * a `DataError` for what does not fit, where SQLite's own `cast` would give 0.
 */
export function registerFunctions(database: DatabaseSync): void {
  const options = { deterministic: true, useBigIntArguments: true, directOnly: false };
  for (const [name, [type, convert]] of Object.entries(casts)) {
    database.function(`millrace_${name}`, options, (value) => {
      if (value === null) return null;
      const result = convert(value);
      if (result === undefined) throw misfit(value, type);
      return result;
    });
  }
  database.function('millrace_decimal', options, (value, precision, scale) =>
    value === null ? null : decimal(value, precision as bigint | null, Number(scale)),
  );
  database.function('millrace_fits', options, (value, type, precision, scale) =>
    value === null || fits(value, String(type), precision as bigint | null, Number(scale)) ? 1 : 0,
  );
  for (const [name, change] of Object.entries(textChanges))
    database.function(`millrace_${name}`, options, (text) => (text === null ? null : change(String(text))));
  database.function('millrace_hash', options, (algorithm, text) =>
    text === null ? null : createHash(String(algorithm)).update(String(text)).digest('hex'),
  );
}

const casts: Readonly<Record<string, readonly [string, (value: Value) => Result]>> = {
  int16: ['an integer of 16 bits', (value) => integerOf(value, 16)],
  int32: ['an integer of 32 bits', (value) => integerOf(value, 32)],
  int64: ['an integer of 64 bits', (value) => integerOf(value, 64)],
  float64: ['a number', numberOf],
  boolean: ['a boolean', booleanOf],
  date: ['an ISO 8601 date', (value) => (typeof value === 'string' ? dateOf(value) : undefined)],
  time: [
    'an ISO 8601 time',
    (value) => mapped(typeof value === 'string' ? parseIsoTime(value) : undefined, timeText),
  ],
  timestamp: ['an ISO 8601 timestamp', timestampOf],
  timestamptz: ['an ISO 8601 timestamp', timestampOf],
  uuid: ['a UUID', uuidOf],
  json: ['JSON', (value) => (typeof value === 'string' && isJson(value) ? value : jsonNumber(value))],
  bytes: ['bytes', (value) => (typeof value === 'string' ? Buffer.from(value) : bytesOf(value))],
};

/** Whether the cast to a type, as `DataType` names it, would not fail. */
function fits(value: Value, type: string, precision: bigint | null, scale: number): boolean {
  if (type === 'decimal') return decimalOf(value, precision, scale) !== undefined;
  const cast = casts[{ float32: 'float64', array: 'json' }[type] ?? type];
  return cast?.[1](value) !== undefined;
}

const textChanges: Readonly<Record<string, (text: string) => string>> = {
  upper: (text) => text.toUpperCase(),
  lower: (text) => text.toLowerCase(),
  without_accents: (text) => text.normalize('NFD').replaceAll(/[\u0300-\u036f]/g, ''),
  printable: (text) => text.replaceAll(/\p{Cc}/gu, ''),
};

function misfit(value: Value, type: string): DataError {
  const shown = value instanceof Uint8Array ? `${value.length} bytes` : `'${String(value).slice(0, 60)}'`;
  return new DataError(`${shown} is not ${type}`, {
    code: 'data_invalid',
    state: 'Nothing was published',
    next: 'Correct the value at the source, or declare another type under columns:',
  });
}

function mapped<T>(value: T | undefined, map: (value: T) => Result): Result {
  return value === undefined ? undefined : map(value);
}

function exact(value: Value): ExactDecimal | undefined {
  if (typeof value === 'bigint') return { unscaled: value, scale: 0 };
  if (typeof value === 'number') return Number.isFinite(value) ? parseDecimal(String(value)) : undefined;
  return typeof value === 'string' ? parseDecimal(value) : undefined;
}

/** A number with a fraction is rounded; a text with one is no integer. */
function integerOf(value: Value, bits: number): bigint | undefined {
  if (typeof value === 'string' && !/^\s*[+-]?\d+\s*$/.test(value)) return undefined;
  const decimal = exact(value);
  const integer = decimal && rescaleRounding(decimal, 0);
  return integer !== undefined && BigInt.asIntN(bits, integer) === integer ? integer : undefined;
}

const numberText = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

function numberOf(value: Value): number | undefined {
  if (value instanceof Uint8Array) return undefined;
  if (typeof value === 'string' && !numberText.test(value.trim())) return undefined;
  const number = Number(value);
  return Number.isFinite(number) || typeof value === 'number' ? number : undefined;
}

function decimal(value: Value, precision: bigint | null, scale: number): string | number {
  const found = decimalOf(value, precision, scale);
  if (found !== undefined) return found;
  throw misfit(value, exact(value) ? `a decimal(${precision},${scale})` : 'a number');
}

function decimalOf(value: Value, precision: bigint | null, scale: number): string | number | undefined {
  const found = exact(value);
  if (!found) return undefined;
  if (precision === null) return decimalText(found);
  const unscaled = rescaleRounding(found, scale);
  const limit = 10n ** precision;
  if (unscaled >= limit || unscaled <= -limit) return undefined;
  return precision <= maxExactDigits ? Number(unscaled) / 10 ** scale : decimalText({ unscaled, scale });
}

function booleanOf(value: Value): number | undefined {
  const text = String(value).toLowerCase();
  if (['1', 'true', 't', 'yes', 'y'].includes(text)) return 1;
  return ['0', 'false', 'f', 'no', 'n'].includes(text) ? 0 : undefined;
}

function dateOf(text: string): string | undefined {
  const days = parseIsoDate(text) ?? dayOfTimestamp(text);
  return days === undefined ? undefined : dateText(days);
}

function dayOfTimestamp(text: string): number | undefined {
  const micros = parseIsoTimestamp(text);
  return micros === undefined ? undefined : Math.floor(Number(micros / 1_000_000n) / 86_400);
}

function timestampOf(value: Value): Result {
  return mapped(typeof value === 'string' ? parseIsoTimestamp(value) : undefined, timestampText);
}

function uuidOf(value: Value): string | undefined {
  const hex = (value instanceof Uint8Array ? Buffer.from(value).toString('hex') : String(value)).replaceAll(
    /[{}-]/g,
    '',
  );
  if (!/^[0-9a-f]{32}$/i.test(hex)) return undefined;
  return hex.toLowerCase().replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function jsonNumber(value: Value): string | undefined {
  return typeof value === 'bigint' || typeof value === 'number' ? String(value) : undefined;
}

function bytesOf(value: Value): Uint8Array | undefined {
  return value instanceof Uint8Array ? value : undefined;
}
