import {
  type BytesVector,
  type Column,
  type ColumnBatch,
  type ColumnVector,
  DataError,
  type FixedVector,
} from '../../connector/index.ts';
import {
  arrayJson,
  dateText,
  intervalText,
  timestampText,
  timeText,
  unscaledText,
  uuidText,
  wideInteger,
} from '../../connector/value-text.ts';
import type { DataType } from '../../sql/data-type.ts';
import { anyText } from './any-text.ts';
import { inexactNumber } from './exact-json.ts';

/** How texts, bytes and rows are told apart in what is sent. */
export interface TextForm {
  readonly nothing: string;
  readonly betweenValues: number;
  readonly beforeRow: string;
  readonly afterRow: string;
  /** Around a text. */
  readonly quote: string;
  /** What stands behind a backslash, by byte; 0 for bytes that stand for themselves. */
  readonly escapes: Uint8Array;
  /** Before and after bytes, which are in hexadecimal. */
  readonly bytes: readonly [string, string];
  /** True if the server's JSON keeps numbers as doubles, so that others are to be refused. */
  readonly roundsJson?: boolean;
}

const backslash = 0x5c;

function escapesOf(pairs: Readonly<Record<string, string>>): Uint8Array {
  const table = new Uint8Array(256);
  for (const [byte, letter] of Object.entries(pairs)) table[byte.charCodeAt(0)] = letter.charCodeAt(0);
  return table;
}

/** LOAD DATA's own: tabs, newlines, `\N`; bytes come as hexadecimal digits for `unhex`. */
export const loadDataForm: TextForm = {
  nothing: '\\N',
  betweenValues: 0x09,
  beforeRow: '',
  afterRow: '\n',
  quote: '',
  escapes: escapesOf({ '\0': '0', '\t': 't', '\n': 'n', '\r': 'r', '\\': '\\' }),
  bytes: ['', ''],
};

/** Rows of a multi-row INSERT, each behind a comma. */
export const insertForm: TextForm = {
  nothing: 'null',
  betweenValues: 0x2c,
  beforeRow: ',(',
  afterRow: ')',
  quote: "'",
  escapes: escapesOf({ '\0': '0', '\\': '\\', "'": "'" }),
  bytes: ["x'", "'"],
};

interface Output {
  bytes: Buffer;
  length: number;
}

type ValueWriter = (out: Output, row: number) => void;

/**
 * The rows of a batch as text.
 * @param asText names of columns that take any value as text
 * @throws DataError code `data_invalid` for what MySQL has no value for
 */
export function encodeRows(
  batch: ColumnBatch,
  columns: readonly Column[],
  form: TextForm,
  asText: readonly string[] = [],
): Buffer {
  const writers = columns.map((column, index) => {
    const vector = batch.vectors[index] as ColumnVector;
    if (!asText.includes(column.name)) return valueWriter(vector, column, form);
    const text = anyText(vector, column);
    return text ? plain(form, text) : valueWriter(vector, column, { ...form, roundsJson: false });
  });
  const out: Output = { bytes: Buffer.allocUnsafe(32 * batch.rowCount * columns.length + 1024), length: 0 };
  for (let row = 0; row < batch.rowCount; row += 1) {
    writeAscii(out, form.beforeRow);
    for (let index = 0; index < writers.length; index += 1) {
      if (index > 0) writeByte(out, form.betweenValues);
      if (batch.vectors[index]?.validity?.[row] === 0) writeAscii(out, form.nothing);
      else (writers[index] as ValueWriter)(out, row);
    }
    writeAscii(out, form.afterRow);
  }
  return out.bytes.subarray(0, out.length);
}

function reserve(out: Output, more: number): void {
  if (out.length + more <= out.bytes.length) return;
  const grown = Buffer.allocUnsafe(Math.max(2 * out.bytes.length, out.length + more));
  out.bytes.copy(grown, 0, 0, out.length);
  out.bytes = grown;
}

function writeByte(out: Output, byte: number): void {
  reserve(out, 1);
  out.bytes[out.length] = byte;
  out.length += 1;
}

function writeAscii(out: Output, text: string): void {
  reserve(out, text.length);
  for (let index = 0; index < text.length; index += 1) out.bytes[out.length + index] = text.charCodeAt(index);
  out.length += text.length;
}

function writeEscaped(out: Output, data: Uint8Array, start: number, end: number, form: TextForm): void {
  reserve(out, 2 * (end - start) + 2);
  const { bytes } = out;
  const { escapes } = form;
  let at = out.length;
  if (form.quote !== '') bytes[at++] = form.quote.charCodeAt(0);
  for (let index = start; index < end; index += 1) {
    const byte = data[index] as number;
    const escape = escapes[byte] as number;
    if (escape === 0) bytes[at++] = byte;
    else {
      bytes[at++] = backslash;
      bytes[at++] = escape;
    }
  }
  if (form.quote !== '') bytes[at++] = form.quote.charCodeAt(0);
  out.length = at;
}

function writeInteger(out: Output, value: number): void {
  if (value < 0 || value > 999_999_999) {
    writeAscii(out, String(value));
    return;
  }
  let digits = 1;
  for (let limit = 10; value >= limit; limit *= 10) digits += 1;
  reserve(out, digits);
  let rest = value;
  for (let at = out.length + digits - 1; at >= out.length; at -= 1) {
    const next = Math.trunc(rest / 10);
    out.bytes[at] = 48 + rest - 10 * next;
    rest = next;
  }
  out.length += digits;
}

function valueWriter(vector: ColumnVector, column: Column, form: TextForm): ValueWriter {
  switch (vector.kind) {
    case 'uint8':
    case 'int16':
      return (out, row) => writeInteger(out, vector.values[row] as number);
    case 'int32':
      return column.type.type === 'date'
        ? plain(form, (row) => known(dateText(vector.values[row] as number), column, vector.values[row]))
        : (out, row) => writeInteger(out, vector.values[row] as number);
    case 'float32':
    case 'float64':
      return (out, row) => writeAscii(out, numberText(vector.values[row] as number, column));
    case 'int64':
      return int64Writer(vector.values, column, form);
    case 'fixed':
      return fixedWriter(vector, column, form);
    case 'bytes':
      return bytesWriter(vector, column, form);
  }
}

/** A text without anything that would need an escape. */
function plain(form: TextForm, textOf: (row: number) => string): ValueWriter {
  if (form.quote === '') return (out, row) => writeAscii(out, textOf(row));
  return (out, row) => writeAscii(out, `${form.quote}${textOf(row)}${form.quote}`);
}

function known(text: string | undefined, { name, type }: Column, value: unknown): string {
  if (text !== undefined) return text;
  throw new DataError(
    `Column "${name}" holds a ${type.type} that MySQL cannot: infinity, or a year before 1 or after 9999 (${String(value)}).`,
    {
      code: 'data_invalid',
      next: `Cast ${name} to text in a query, or leave such rows out by where:`,
    },
  );
}

function numberText(value: number, { name }: Column): string {
  if (Number.isFinite(value)) return Object.is(value, -0) ? '-0' : String(value);
  throw new DataError(`Column "${name}" holds ${value}, which MySQL has no number for.`, {
    code: 'data_invalid',
    next: `Cast ${name} to text in a query, or make it NULL there`,
  });
}

function int64Writer(values: BigInt64Array, column: Column, form: TextForm): ValueWriter {
  const { type } = column;
  switch (type.type) {
    case 'decimal': {
      const { scale = 0 } = type;
      return (out, row) => writeAscii(out, unscaledText(values[row] as bigint, scale));
    }
    case 'time':
      return plain(form, (row) => timeText(values[row] as bigint));
    case 'timestamp':
    case 'timestamptz':
      return plain(form, (row) => known(timestampText(values[row] as bigint), column, values[row]));
    default:
      return (out, row) => {
        const value = values[row] as bigint;
        const small = Number(value);
        if (Number.isSafeInteger(small)) writeInteger(out, small);
        else writeAscii(out, value.toString());
      };
  }
}

function fixedWriter({ values }: FixedVector, { type }: Column, form: TextForm): ValueWriter {
  const view = new DataView(values.buffer, values.byteOffset, values.byteLength);
  if (type.type === 'uuid') return plain(form, (row) => uuidText(values, row));
  if (type.type === 'interval') return plain(form, (row) => intervalText(view, row));
  const scale = type.type === 'decimal' ? (type.scale ?? 0) : 0;
  return (out, row) => writeAscii(out, unscaledText(wideInteger(view, row), scale));
}

function bytesWriter({ data, starts, ends }: BytesVector, column: Column, form: TextForm): ValueWriter {
  const { type } = column;
  const buffer = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  const text = (row: number): string => buffer.toString('utf8', starts[row], ends[row]);
  if (type.type === 'bytes') {
    const [before, after] = form.bytes;
    return (out, row) =>
      writeAscii(out, `${before}${buffer.toString('hex', starts[row], ends[row])}${after}`);
  }
  if (type.type === 'array') {
    const { element } = type;
    return (out, row) => {
      const exact = arrayJson(text(row), element);
      const isRounded = form.roundsJson === true && inexactNumber(exact) !== undefined;
      const json = Buffer.from(isRounded ? arrayJson(text(row), textual(element)) : exact);
      writeEscaped(out, json, 0, json.length, form);
    };
  }
  const write: ValueWriter = (out, row) =>
    writeEscaped(out, data, starts[row] as number, ends[row] as number, form);
  if (type.type !== 'json' || form.roundsJson !== true) return write;
  return (out, row) => {
    const rounded = inexactNumber(text(row));
    if (rounded !== undefined) throw roundedJson(column, rounded);
    write(out, row);
  };
}

/** The same array with its innermost elements as texts. */
function textual(element: DataType): DataType {
  return element.type === 'array' ? { ...element, element: textual(element.element) } : { type: 'text' };
}

function roundedJson({ name }: Column, number: string): DataError {
  return new DataError(
    `Column "${name}" holds JSON with the number ${number}, which MySQL's JSON would round.`,
    {
      code: 'data_invalid',
      next: `Declare it under columns: as ${name}: text, or leave such rows out by where:`,
    },
  );
}
