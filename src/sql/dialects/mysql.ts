import type { Column, DataType } from '../data-type.ts';
import type { Dialect, TableName } from '../dialect.ts';
import { standardLiteral } from '../quoting.ts';

/** MySQL's DECIMAL holds 65 digits, 30 of them behind the point; wider exact numbers are kept as text. */
const maxDecimalPrecision = 65;
const maxDecimalScale = 30;

/** 16,383 characters of four bytes are the most that one row of VARCHAR has room for. */
const maxVarcharLength = 16_383;

/** All short texts of one row together: 65,535 bytes less what other columns take. */
const maxRowBytes = 48_000;
const bytesPerCharacter = 4;

/** InnoDB has room for 3,072 bytes in one index; several columns share it. */
const maxIndexedCharacters = 191;

/**
 * Texts are told apart by every character, capitals and blanks at their end included, as at the source. The two
 * servers call such a collation by two names, and each takes the comment that is written for it.
 */
const exactText =
  'character set utf8mb4 /*!80017 collate utf8mb4_0900_bin */ /*M!100203 collate utf8mb4_nopad_bin */';

function typeName(type: DataType): string {
  switch (type.type) {
    case 'boolean':
      return 'boolean';
    case 'int16':
      return 'smallint';
    case 'int32':
      return 'int';
    case 'int64':
      return 'bigint';
    case 'float32':
      return 'float';
    case 'float64':
      return 'double';
    case 'decimal':
      return decimalName(type.precision, type.scale ?? 0);
    case 'text':
      return type.maxLength === undefined || type.maxLength > maxVarcharLength
        ? 'longtext'
        : `varchar(${type.maxLength})`;
    case 'bytes':
      return 'longblob';
    case 'date':
      return 'date';
    case 'time':
      return 'time(6)';
    // TIMESTAMP ends in 2038, so instants are kept as DATETIME in UTC.
    case 'timestamp':
    case 'timestamptz':
      return 'datetime(6)';
    case 'timetz':
      return 'varchar(32)';
    case 'interval':
      return 'varchar(64)';
    case 'uuid':
      return 'char(36)';
    case 'json':
    case 'array':
      return 'json';
  }
}

function decimalName(precision: number | undefined, scale: number): string {
  return holdsDecimal(precision, scale) ? `decimal(${precision},${scale})` : 'longtext';
}

function holdsDecimal(precision: number | undefined, scale: number): boolean {
  return precision !== undefined && precision <= maxDecimalPrecision && scale <= maxDecimalScale;
}

function storedType(type: DataType): DataType {
  switch (type.type) {
    case 'boolean':
      return { type: 'int16' };
    case 'decimal':
      return holdsDecimal(type.precision, type.scale ?? 0) ? type : { type: 'text' };
    case 'text':
      return type.maxLength !== undefined && type.maxLength > maxVarcharLength ? { type: 'text' } : type;
    case 'timestamptz':
      return { type: 'timestamp' };
    case 'timetz':
      return { type: 'text', maxLength: 32 };
    case 'interval':
      return { type: 'text', maxLength: 64 };
    case 'uuid':
      return { type: 'text', maxLength: 36 };
    case 'array':
      return { type: 'json' };
    default:
      return type;
  }
}

/** `cast` knows other names than `create table`. */
function cast(sql: string, type: DataType): string {
  switch (type.type) {
    case 'boolean':
      return `(case lower(${sql}) when 'true' then 1 when 't' then 1 when 'yes' then 1 when 'y' then 1 when 'false' then 0 when 'f' then 0 when 'no' then 0 when 'n' then 0 else cast(${sql} as signed) end)`;
    case 'int16':
    case 'int32':
    case 'int64':
      return `cast(${sql} as signed)`;
    case 'float32':
    case 'float64':
      return `cast(${sql} as double)`;
    case 'bytes':
      return `cast(${sql} as binary)`;
    case 'date':
      return `cast(${sql} as date)`;
    case 'time':
      return `cast(${sql} as time(6))`;
    case 'timestamp':
    case 'timestamptz':
      return `cast(${sql} as datetime(6))`;
    case 'decimal':
      if (holdsDecimal(type.precision, type.scale ?? 0))
        return `cast(${sql} as ${decimalName(type.precision, type.scale ?? 0)})`;
      return `cast(${sql} as char)`;
    default:
      return `cast(${sql} as char)`;
  }
}

function isText(type: DataType): boolean {
  return ['varchar', 'char', 'longtext', 'json'].includes(typeName(type).replace(/\(.*/, ''));
}

/** A table that others made may have a collation to which `a` is `A`. */
function exactly(sql: string, type: DataType): string {
  return isText(type) ? `cast(${sql} as binary)` : sql;
}

function indexed({ name, type }: Column): { readonly sql: string; readonly partly: boolean } {
  const isShort =
    type.type === 'text' && type.maxLength !== undefined && type.maxLength <= maxIndexedCharacters;
  const partly =
    (isText(type) || type.type === 'bytes') && !isShort && type.type !== 'uuid' && type.type !== 'interval';
  return { sql: partly ? `${quote(name)}(${maxIndexedCharacters})` : quote(name), partly };
}

function varcharBytes({ type }: Column): number {
  if (type.type !== 'text' || type.maxLength === undefined) return 0;
  return type.maxLength > maxVarcharLength ? 0 : type.maxLength * bytesPerCharacter;
}

/** The longest texts become LONGTEXT, which lies outside of the row. */
function fitted(columns: readonly Column[]): readonly Column[] {
  let total = columns.reduce((sum, column) => sum + varcharBytes(column), 0);
  const moved = new Set<Column>();
  for (const column of columns.toSorted((a, b) => varcharBytes(b) - varcharBytes(a))) {
    if (total <= maxRowBytes) break;
    total -= varcharBytes(column);
    moved.add(column);
  }
  return columns.map((column) => (moved.has(column) ? { ...column, type: { type: 'text' } } : column));
}

function quote(identifier: string): string {
  if (identifier.includes('\0')) throw new RangeError('an identifier cannot hold a NUL character');
  return `\`${identifier.replaceAll('`', '``')}\``;
}

/** Backslashes mean one thing or another by `sql_mode`, so a text that holds one is written in hexadecimal. */
function literal(value: string | number | bigint | boolean | null): string {
  if (typeof value !== 'string' || !value.includes('\\')) return standardLiteral(value);
  const bytes = [...new TextEncoder().encode(value)];
  return `_utf8mb4 x'${bytes.map((byte) => byte.toString(16).padStart(2, '0')).join('')}'`;
}

/** `cast` knows other type names than `create table`; and no zone, so an instant is told in UTC. */
function typedLiteral(value: string, type: DataType): string {
  switch (type.type) {
    case 'boolean':
      return value === 'true' || value === '1' ? 'true' : 'false';
    case 'int16':
    case 'int32':
    case 'int64':
    case 'float32':
    case 'float64':
    case 'decimal':
      return /^-?\d+(\.\d+)?(e[+-]?\d+)?$/i.test(value) ? value : literal(value);
    case 'date':
      return `cast(${literal(value)} as date)`;
    case 'time':
      return `cast(${literal(value)} as time(6))`;
    case 'timestamp':
    case 'timestamptz':
      return `cast(${literal(value.replace('T', ' ').replace(/Z$/, ''))} as datetime(6))`;
    default:
      return literal(value);
  }
}

/** JSON and BLOB have no collation of their own to choose. */
function collated(type: DataType): string {
  const name = typeName(type);
  return isText(type) && name !== 'json' ? `${name} ${exactText}` : name;
}

/** MySQL and MariaDB. A table without a schema is in the connection's own database. */
export const mysqlDialect: Dialect = {
  name: 'mysql',
  defaultSchema: '',
  /** 64 characters; bytes are the safe side of them. */
  maxIdentifierBytes: 64,
  ddlCommits: true,
  quote,
  quoteTable: (table: TableName) =>
    table.schema === '' ? quote(table.name) : `${quote(table.schema)}.${quote(table.name)}`,
  literal,
  typedLiteral,
  parameter: () => '?',
  typeName,
  storedType,
  cast,
  exactly,
  indexed,
  fitted,
  columnDefinition: (column: Column) =>
    `${quote(column.name)} ${collated(column.type)}${column.nullable ? ' null' : ' not null'}`,
};
