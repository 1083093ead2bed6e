import { createHash } from 'node:crypto';
import type { Mapping, MappedField } from './mapping.ts';
import type { Operation } from './sync.ts';

/** One row of the delta, ready to be sent. */
export interface DeliveryRow {
  readonly sequence: number;
  readonly operation: Operation;
  /** The key's values as a JSON list: names the row in the failures table and to people. */
  readonly key: string;
  /** The record as JSON text, exact numbers as numbers. */
  readonly record: string;
  /** What the destination calls the row, when the key has one field. */
  readonly destinationKey: string;
  /** Of operation and content: a refused row is tried again when it changes. */
  readonly hash: string;
}

/** @param row sequence, operation, then key and field values as `mapping` has them */
export function deliveryRow(row: readonly unknown[], mapping: Mapping): DeliveryRow {
  const operation = String(row[1]) as Operation;
  const keyValues = row.slice(2, 2 + mapping.keys.length);
  const values = mapping.fields.map((field, index) => ({
    field,
    value: row[2 + mapping.keys.length + index],
  }));
  const sent = operation === 'delete' ? values.filter(({ field }) => field.isKey) : values;
  const record = recordText(sent);
  const keyField = values.find(({ field }) => field.isKey);
  return {
    sequence: Number(row[0]),
    operation,
    key: `[${keyValues.map((value, index) => jsonText(value, mapping.keys[index]?.type.type)).join(',')}]`,
    record,
    destinationKey: keyField === undefined ? '' : plainText(keyField.value),
    hash: createHash('sha256')
      .update(operation === 'delete' ? 'delete' : 'write')
      .update(recordText(sent.toSorted((a, b) => (a.field.field < b.field.field ? -1 : 1))))
      .digest('hex'),
  };
}

interface FieldValue {
  readonly field: MappedField;
  readonly value: unknown;
}

function recordText(values: readonly FieldValue[]): string {
  const members = values.map(
    ({ field, value }) => `${JSON.stringify(field.field)}:${jsonText(value, field.type.type)}`,
  );
  return `{${members.join(',')}}`;
}

/** Exact numbers go out with all their digits; bytes as base64; what JSON has no number for as text. */
function jsonText(value: unknown, type: string | undefined): string {
  if (value === null || value === undefined) return 'null';
  if (typeof value === 'bigint') return value.toString();
  if (typeof value === 'number' && !Number.isFinite(value)) return JSON.stringify(String(value));
  if (typeof value === 'string' && type === 'decimal' && /^-?\d+(\.\d+)?$/.test(value)) return value;
  if (value instanceof Uint8Array) return JSON.stringify(Buffer.from(value).toString('base64'));
  return JSON.stringify(value, (_, nested: unknown) =>
    typeof nested === 'bigint' ? nested.toString() : nested,
  );
}

function plainText(value: unknown): string {
  return typeof value === 'string' ? value : jsonText(value, undefined);
}
