import type { DataType } from '../sql/data-type.ts';
import type { RowValue } from '../connector/values/row-value.ts';

/** Values of one type that must arrive as they were put; NULL is put beside them. */
export interface ValueCase {
  readonly name: string;
  readonly type: DataType;
  readonly values: readonly RowValue[];
}

const allBytes = Uint8Array.from({ length: 256 }, (_, byte) => byte);

export const valueCases: readonly ValueCase[] = [
  { name: 'boolean', type: { type: 'boolean' }, values: [true, false] },
  { name: 'int16', type: { type: 'int16' }, values: [-32768, 0, 32767] },
  { name: 'int32', type: { type: 'int32' }, values: [-2147483648, -1, 2147483647] },
  {
    name: 'int64',
    type: { type: 'int64' },
    values: [-9223372036854775808n, -1n, 9007199254740993n, 9223372036854775807n],
  },
  { name: 'float32', type: { type: 'float32' }, values: [0.1, -1.5, 16777217] },
  {
    name: 'float64',
    type: { type: 'float64' },
    values: [0.1, -1e-307, 1.7976931348623157e308, 9007199254740991],
  },
  {
    name: 'float64 NaN and infinity',
    type: { type: 'float64' },
    values: [Number.NaN, Infinity, -Infinity],
  },
  {
    name: 'decimal of 4 digits',
    type: { type: 'decimal', precision: 4, scale: 2 },
    values: ['-99.99', '0.01', '99.99'],
  },
  {
    name: 'decimal of 18 digits',
    type: { type: 'decimal', precision: 18, scale: 6 },
    values: ['-999999999999.999999', '0.000001', '123456789012.654321'],
  },
  {
    name: 'decimal of 38 digits',
    type: { type: 'decimal', precision: 38, scale: 10 },
    values: [
      '-9999999999999999999999999999.9999999999',
      '0.0000000001',
      '1234567890123456789012345678.0123456789',
    ],
  },
  {
    name: 'decimal of any precision',
    type: { type: 'decimal' },
    values: ['12345678901234567890123456789012345678901234567890.12345', '-0.5'],
  },
  { name: 'decimal NaN', type: { type: 'decimal' }, values: ['NaN'] },
  {
    name: 'text',
    type: { type: 'text' },
    values: [
      'plain',
      ' both ends ',
      'a \'quote\', a "quote" and a back\\slash',
      'tab\tline\nreturn\r',
      ',;|',
    ],
  },
  { name: 'text that looks like NULL', type: { type: 'text' }, values: ['', 'NULL', String.raw`\N`, 'null'] },
  {
    name: 'text of all scripts',
    type: { type: 'text' },
    values: ['👩‍👩‍👧‍👦 😀 𝒳', 'مرحبا بالعالم', 'e\u0301 \u00e9', '日本語', '\u0001\u007f\u2028'],
  },
  { name: 'text that begins with a byte order mark', type: { type: 'text' }, values: ['\uFEFFmarked'] },
  { name: 'text with NUL', type: { type: 'text' }, values: ['a\0b'] },
  { name: 'bytes', type: { type: 'bytes' }, values: [new Uint8Array(), allBytes, Uint8Array.of(0)] },
  { name: 'date', type: { type: 'date' }, values: ['1970-01-01', '1969-12-31', '2024-02-29', '9999-12-31'] },
  {
    name: 'date before Christ',
    type: { type: 'date' },
    values: ['-0043-03-15', '0000-12-31', '-4000-01-01'],
  },
  { name: 'date infinity', type: { type: 'date' }, values: ['infinity', '-infinity'] },
  { name: 'time', type: { type: 'time' }, values: ['00:00:00', '12:34:56', '23:59:59.999999'] },
  {
    name: 'timestamp',
    type: { type: 'timestamp' },
    values: ['1970-01-01T00:00:00', '1969-12-31T23:59:59.999999', '9999-12-31T23:59:59.999999'],
  },
  { name: 'timestamp before Christ', type: { type: 'timestamp' }, values: ['-0043-03-15T10:00:00'] },
  { name: 'timestamp infinity', type: { type: 'timestamp' }, values: ['infinity', '-infinity'] },
  {
    name: 'timestamptz',
    type: { type: 'timestamptz' },
    values: ['1970-01-01T00:00:00Z', '2024-03-31T01:30:00.123456Z', '2024-10-27T00:30:00Z'],
  },
  { name: 'timestamptz before Christ', type: { type: 'timestamptz' }, values: ['-0043-03-15T10:00:00Z'] },
  { name: 'timestamptz infinity', type: { type: 'timestamptz' }, values: ['infinity', '-infinity'] },
  {
    name: 'interval',
    type: { type: 'interval' },
    values: [
      { months: 13, days: -2, microseconds: 11045678901n },
      { months: 0, days: 0, microseconds: 0n },
      { months: 0, days: 40, microseconds: -1n },
    ],
  },
  {
    name: 'uuid',
    type: { type: 'uuid' },
    values: [
      '00000000-0000-0000-0000-000000000000',
      'ffffffff-ffff-ffff-ffff-ffffffffffff',
      '123e4567-e89b-12d3-a456-426614174000',
    ],
  },
  {
    name: 'json',
    type: { type: 'json' },
    values: [{ k: [1, 'x', null, { deep: true }] }, [], {}, 12.5, false, { emoji: '😀', quote: '"' }],
  },
  { name: 'json of a text', type: { type: 'json' }, values: ['a text', ''] },
  {
    name: 'array of int32',
    type: { type: 'array', element: { type: 'int32' } },
    values: [[1, null, -3], [], [2147483647]],
  },
  {
    name: 'array of text',
    type: { type: 'array', element: { type: 'text' } },
    values: [['a"b', 'c,d', null, '', String.raw`back\slash`, 'NULL', '{}'], [], ['😀']],
  },
  {
    name: 'array of decimal',
    type: { type: 'array', element: { type: 'decimal', precision: 20, scale: 4 } },
    values: [['1.5', '-12345678901234.5678', null]],
  },
];
