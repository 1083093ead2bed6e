import type { Column, DataType } from '../data-type.ts';
import type { Dialect, TableName } from '../dialect.ts';
import { standardLiteral } from '../quoting.ts';

/** MySQL's DECIMAL holds 65 digits, 30 of them behind the point; wider exact numbers are kept as text. */
const maxDecimalPrecision = 65;
const maxDecimalScale = 30;

/** 16,383 characters of four bytes are the most that one row of VARCHAR has room for. */
const maxVarcharLength = 16_383;

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
  if (precision === undefined || precision > maxDecimalPrecision || scale > maxDecimalScale)
    return 'longtext';
  return `decimal(${precision},${scale})`;
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

/** MySQL and MariaDB. A table without a schema is in the connection's own database. */
export const mysqlDialect: Dialect = {
  name: 'mysql',
  defaultSchema: '',
  /** 64 characters; bytes are the safe side of them. */
  maxIdentifierBytes: 64,
  quote,
  quoteTable: (table: TableName) =>
    table.schema === '' ? quote(table.name) : `${quote(table.schema)}.${quote(table.name)}`,
  literal,
  typedLiteral,
  parameter: () => '?',
  typeName,
  columnDefinition: (column: Column) =>
    `${quote(column.name)} ${typeName(column.type)}${column.nullable ? ' null' : ' not null'}`,
};
