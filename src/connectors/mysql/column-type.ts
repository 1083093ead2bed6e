import type { FieldPacket } from 'mysql2';
import type { Column, DataType } from '../../connector/index.ts';
import { mysqlDialect } from '../../sql/dialects/index.ts';
import type { MysqlConfig } from './config.ts';

/** What a connection says about types that can be read in two ways. */
export type TypeChoices = Pick<MysqlConfig, 'zero_dates' | 'tinyint1' | 'times'>;

/** Column types of the protocol: `enum_field_types`. */
const fieldType = {
  decimal: 0x00, tiny: 0x01, short: 0x02, long: 0x03, float: 0x04, double: 0x05, null: 0x06, timestamp: 0x07,
  longlong: 0x08, int24: 0x09, date: 0x0a, time: 0x0b, datetime: 0x0c, year: 0x0d, newdate: 0x0e, varchar: 0x0f,
  bit: 0x10, json: 0xf5, newdecimal: 0xf6, enum: 0xf7, set: 0xf8, tinyBlob: 0xf9, mediumBlob: 0xfa, longBlob: 0xfb,
  blob: 0xfc, varString: 0xfd, string: 0xfe, geometry: 0xff,
} as const; // prettier-ignore

/** Bits of a column's flags. */
const flag = { notNull: 1, unsigned: 32, enum: 256, set: 2048 } as const;

/** The character set of what is no text. */
const binaryCharset = 63;

/** Most bytes of a character of utf8mb4, in which results come. */
const bytesPerCharacter = 4;

/** A column of a result, as the server describes it. */
export interface ServerColumn {
  readonly name: string;
  readonly type: DataType;
  readonly nullable: boolean;
  /** How its values come in a result. */
  readonly wire: WireForm;
}

/**
 * `text`: as the data type's text; `bits`: big-endian bytes of a BIT; `geometry`: four bytes of a spatial
 * reference, then WKB; `single`: a FLOAT, whose own text would be cut to six digits.
 */
export type WireForm = 'text' | 'bits' | 'geometry' | 'single';

/** `keepsLength` is false for queries, whose lengths of texts are guesses. */
export function serverColumn(field: FieldPacket, choices: TypeChoices, keepsLength: boolean): ServerColumn {
  const type = dataTypeOf(field, choices, keepsLength);
  const isDate = type.type === 'date' || type.type === 'timestamp' || type.type === 'timestamptz';
  return {
    name: field.name,
    type,
    nullable: !hasFlag(field, flag.notNull) || (isDate && choices.zero_dates === 'null'),
    wire: wireForm(field.columnType),
  };
}

export function columnOf({ name, type, nullable }: ServerColumn): Column {
  return { name, type, nullable };
}

/** The column in a SELECT; a FLOAT becomes a DOUBLE, which is told with all its digits. */
export function columnExpression({ name, wire }: ServerColumn): string {
  const quoted = mysqlDialect.quote(name);
  return wire === 'single' ? `${quoted} * 1e0` : quoted;
}

function wireForm(columnType: number | undefined): WireForm {
  switch (columnType) {
    case fieldType.bit:
      return 'bits';
    case fieldType.geometry:
      return 'geometry';
    case fieldType.float:
      return 'single';
    default:
      return 'text';
  }
}

function hasFlag({ flags }: FieldPacket, bit: number): boolean {
  return typeof flags === 'number' && (flags & bit) !== 0;
}

function dataTypeOf(field: FieldPacket, choices: TypeChoices, keepsLength: boolean): DataType {
  const unsigned = hasFlag(field, flag.unsigned);
  switch (field.columnType) {
    case fieldType.tiny:
      if (field.columnLength === 1 && choices.tinyint1 === 'boolean') return { type: 'boolean' };
      return { type: 'int16' };
    case fieldType.year:
      return { type: 'int16' };
    case fieldType.short:
      return { type: unsigned ? 'int32' : 'int16' };
    case fieldType.int24:
      return { type: 'int32' };
    case fieldType.long:
      return { type: unsigned ? 'int64' : 'int32' };
    case fieldType.longlong:
      return unsigned ? { type: 'decimal', precision: 20, scale: 0 } : { type: 'int64' };
    case fieldType.float:
      return { type: 'float32' };
    case fieldType.double:
      return { type: 'float64' };
    case fieldType.decimal:
    case fieldType.newdecimal:
      return decimalType(field.columnLength ?? 0, field.decimals, unsigned);
    case fieldType.timestamp:
      return { type: 'timestamptz' };
    case fieldType.datetime:
      return { type: 'timestamp' };
    case fieldType.date:
    case fieldType.newdate:
      return { type: 'date' };
    case fieldType.time:
      return { type: choices.times };
    case fieldType.bit:
      return { type: field.columnLength === 1 ? 'boolean' : 'bytes' };
    case fieldType.json:
      return { type: 'json' };
    case fieldType.geometry:
      return { type: 'bytes' };
    default:
      return textType(field, keepsLength);
  }
}

/** The length counts a sign and a point, which are not digits. */
function decimalType(length: number, scale: number, unsigned: boolean): DataType {
  return { type: 'decimal', precision: length - (scale > 0 ? 1 : 0) - (unsigned ? 0 : 1), scale };
}

/** MariaDB keeps JSON, UUID and INET as texts and tells only beside them what they are. */
function textType(field: FieldPacket, keepsLength: boolean): DataType {
  if (field.extendedFormat === 'json') return { type: 'json' };
  if (field.extendedTypeName === 'uuid') return { type: 'uuid' };
  if (field.extendedTypeName !== undefined && field.extendedTypeName.startsWith('inet'))
    return { type: 'text' };
  if (field.columnType === fieldType.null) return { type: 'text' };
  const isName = hasFlag(field, flag.enum) || hasFlag(field, flag.set);
  if (field.characterSet === binaryCharset && !isName) return { type: 'bytes' };
  const isString = field.columnType === fieldType.varString || field.columnType === fieldType.string;
  if (!keepsLength || !isString || isName) return { type: 'text' };
  return { type: 'text', maxLength: Math.floor((field.columnLength ?? 0) / bytesPerCharacter) };
}
