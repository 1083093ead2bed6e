import type { DataType } from '../../../sql/data-type.ts';
import { brokenFile } from './broken-file.ts';
import { exactInteger, isJsonObject } from './json-text.ts';

/** A column of an Avro file: its type, and how a stored value becomes JSON. */
export interface AvroColumn {
  readonly name: string;
  readonly type: DataType;
  readonly toJson: (value: unknown) => unknown;
}

type Schema = string | readonly Schema[] | Readonly<Record<string, unknown>>;
type Names = Map<string, Readonly<Record<string, unknown>>>;

interface Reader {
  readonly type: DataType;
  readonly toJson: (value: unknown) => unknown;
}

const json: DataType = { type: 'json' };
const text: DataType = { type: 'text' };

/**
 * Columns of the records of a file, by its schema.
 * @param place for errors
 */
export function avroColumns(schema: Schema, place: string): readonly AvroColumn[] {
  const names: Names = new Map();
  register(schema, '', names);
  const record = isRecord(schema) ? schema : undefined;
  if (!record)
    throw brokenFile(place, 'its values are not records', 'Write the values as records with named fields.');
  const space = namespaceOf(record, '');
  return fieldsOf(record).map(({ name, type }) => ({ name, ...reader(type, space, names) }));
}

function isRecord(schema: Schema): schema is Readonly<Record<string, unknown>> {
  return isJsonObject(schema) && schema['type'] === 'record';
}

function fieldsOf(schema: Readonly<Record<string, unknown>>): readonly { name: string; type: Schema }[] {
  return schema['fields'] as readonly { name: string; type: Schema }[];
}

/** Remembers named types, which later parts of the schema may refer to. */
function register(schema: Schema, space: string, names: Names): void {
  if (Array.isArray(schema)) for (const branch of schema as readonly Schema[]) register(branch, space, names);
  if (!isJsonObject(schema)) return;
  const own = namespaceOf(schema, space);
  const { name, type } = schema;
  if (typeof name === 'string') names.set(fullName(name, own), schema);
  if (type === 'record') for (const field of fieldsOf(schema)) register(field.type, own, names);
  else if (type === 'array') register(schema['items'] as Schema, own, names);
  else if (type === 'map') register(schema['values'] as Schema, own, names);
  else if (typeof type === 'object') register(type as Schema, own, names);
}

function namespaceOf({ name, namespace }: Readonly<Record<string, unknown>>, space: string): string {
  if (typeof name === 'string' && name.includes('.')) return name.slice(0, name.lastIndexOf('.'));
  return typeof namespace === 'string' ? namespace : space;
}

function fullName(name: string, space: string): string {
  return name.includes('.') || space === '' ? name : `${space}.${name}`;
}

function reader(schema: Schema, space: string, names: Names): Reader {
  if (Array.isArray(schema)) return unionReader(schema as readonly Schema[], space, names);
  if (typeof schema === 'string') {
    const named = names.get(fullName(schema, space)) ?? names.get(schema);
    return named ? reader(named, space, names) : primitive(schema);
  }
  return complexReader(schema as Readonly<Record<string, unknown>>, space, names);
}

/** A union with null is its other branch; one of several types is JSON. */
function unionReader(branches: readonly Schema[], space: string, names: Names): Reader {
  const others = branches.filter((branch) => branch !== 'null');
  const readers = new Map(others.map((branch) => [branchName(branch, space), reader(branch, space, names)]));
  const [only] = readers.values();
  const toJson = (value: unknown): unknown => {
    if (value === null || value === undefined) return null;
    const [branch, inner] = Object.entries(value)[0] ?? ['', null];
    const found = readers.get(branch) ?? readers.get(branch.slice(branch.lastIndexOf('.') + 1));
    return found ? found.toJson(inner) : inner;
  };
  return { type: only && readers.size === 1 ? only.type : json, toJson };
}

function branchName(schema: Schema, space: string): string {
  if (typeof schema === 'string') return schema;
  const { name, type } = schema as Readonly<Record<string, unknown>>;
  if (typeof name === 'string')
    return fullName(name, namespaceOf(schema as Readonly<Record<string, unknown>>, space));
  return typeof type === 'string' ? type : branchName(type as Schema, space);
}

const same = (value: unknown): unknown => value;
const base64 = (value: unknown): unknown => Buffer.from(value as Uint8Array).toString('base64');

function primitive(name: string): Reader {
  switch (name) {
    case 'boolean':
      return { type: { type: 'boolean' }, toJson: same };
    case 'int':
      return { type: { type: 'int32' }, toJson: same };
    case 'long':
      return { type: { type: 'int64' }, toJson: (value) => exactInteger(value as bigint) };
    case 'float':
      return { type: { type: 'float32' }, toJson: floatJson };
    case 'double':
      return { type: { type: 'float64' }, toJson: floatJson };
    case 'bytes':
      return { type: { type: 'bytes' }, toJson: base64 };
    default:
      return { type: text, toJson: same };
  }
}

/** JSON has no NaN and no infinity. */
function floatJson(value: unknown): unknown {
  return Number.isFinite(value) ? value : String(value);
}

function complexReader(schema: Readonly<Record<string, unknown>>, space: string, names: Names): Reader {
  const own = namespaceOf(schema, space);
  const logical = logicalReader(schema);
  if (logical) return logical;
  switch (schema['type']) {
    case 'record': {
      let fields: readonly (readonly [string, Reader])[] | undefined;
      const toJson = (value: unknown): unknown => {
        // Late, because a record may hold itself.
        fields ??= fieldsOf(schema).map(({ name, type }) => [name, reader(type, own, names)]);
        const values = value as Readonly<Record<string, unknown>>;
        return Object.fromEntries(fields.map(([name, field]) => [name, field.toJson(values[name])]));
      };
      return { type: json, toJson };
    }
    case 'array': {
      const items = reader(schema['items'] as Schema, own, names);
      return {
        type: json,
        toJson: (value) => (value as readonly unknown[]).map((item) => items.toJson(item)),
      };
    }
    case 'map': {
      const values = reader(schema['values'] as Schema, own, names);
      const toJson = (value: unknown): unknown =>
        Object.fromEntries(Object.entries(value as object).map(([key, item]) => [key, values.toJson(item)]));
      return { type: json, toJson };
    }
    case 'fixed':
      return { type: { type: 'bytes' }, toJson: base64 };
    case 'enum':
      return { type: text, toJson: same };
    default:
      return reader(schema['type'] as Schema, own, names);
  }
}

function logicalReader(schema: Readonly<Record<string, unknown>>): Reader | undefined {
  const { logicalType, type } = schema;
  switch (`${String(type)} ${String(logicalType)}`) {
    case 'bytes decimal':
    case 'fixed decimal': {
      const [precision, scale] = [Number(schema['precision']), Number(schema['scale'] ?? 0)];
      return {
        type: { type: 'decimal', precision, scale },
        toJson: (value) => decimalText(signed(value as Uint8Array), scale),
      };
    }
    case 'string uuid':
      return { type: { type: 'uuid' }, toJson: same };
    case 'int date':
      return { type: { type: 'date' }, toJson: (value) => dateText(Number(value)) };
    case 'int time-millis':
      return { type: { type: 'time' }, toJson: (value) => clockText(BigInt(value as number) * 1000n) };
    case 'long time-micros':
      return { type: { type: 'time' }, toJson: (value) => clockText(value as bigint) };
    case 'long timestamp-millis':
      return {
        type: { type: 'timestamptz' },
        toJson: (value) => `${instantText((value as bigint) * 1000n)}Z`,
      };
    case 'long timestamp-micros':
      return { type: { type: 'timestamptz' }, toJson: (value) => `${instantText(value as bigint)}Z` };
    case 'long local-timestamp-millis':
      return { type: { type: 'timestamp' }, toJson: (value) => instantText((value as bigint) * 1000n) };
    case 'long local-timestamp-micros':
      return { type: { type: 'timestamp' }, toJson: (value) => instantText(value as bigint) };
    case 'fixed duration':
      return {
        type: { type: 'interval' },
        toJson: (value) => durationText(Buffer.from(value as Uint8Array)),
      };
    default:
      return undefined;
  }
}

function signed(bytes: Uint8Array): bigint {
  if (bytes.length === 0) return 0n;
  return BigInt.asIntN(bytes.length * 8, BigInt(`0x${Buffer.from(bytes).toString('hex')}`));
}

function decimalText(unscaled: bigint, scale: number): string {
  const digits = String(unscaled < 0n ? -unscaled : unscaled).padStart(scale + 1, '0');
  const whole = digits.slice(0, digits.length - scale);
  return `${unscaled < 0n ? '-' : ''}${whole}${scale > 0 ? `.${digits.slice(-scale)}` : ''}`;
}

const microsecondsPerDay = 86_400_000_000n;

function instantText(microseconds: bigint): string {
  const inDay = ((microseconds % microsecondsPerDay) + microsecondsPerDay) % microsecondsPerDay;
  return `${dateText(Number((microseconds - inDay) / microsecondsPerDay))} ${clockText(inDay)}`;
}

function clockText(microseconds: bigint): string {
  const seconds = Number(microseconds / 1_000_000n);
  const parts = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  const clock = parts.map((part) => String(part).padStart(2, '0')).join(':');
  const fraction = microseconds % 1_000_000n;
  return fraction === 0n ? clock : `${clock}.${String(fraction).padStart(6, '0')}`;
}

/** Days since 1970 as DuckDB writes them: years before 1 carry `(BC)`. */
function dateText(days: number): string {
  const date = new Date(days * 86_400_000);
  const year = date.getUTCFullYear();
  const rest = date.toISOString().slice(-19, -14);
  return year > 0
    ? `${String(year).padStart(4, '0')}-${rest}`
    : `${String(1 - year).padStart(4, '0')}-${rest} (BC)`;
}

function durationText(bytes: Buffer): string {
  const [months, days, milliseconds] = [0, 4, 8].map((at) => bytes.readUInt32LE(at));
  return `${months} months ${days} days ${milliseconds} milliseconds`;
}
