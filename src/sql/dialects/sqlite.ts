import type { Column, DataType } from '../data-type.ts';
import type { Dialect, TableName } from '../dialect.ts';
import { quoteIdentifier, standardLiteral } from '../quoting.ts';

/** SQLite's numbers with a fraction are doubles, which keep so many digits of any decimal. */
const maxExactDigits = 15;

/**
 * Declared types: SQLite keeps the words and derives an affinity from them. Those with TEXT in them keep a value
 * as the text that it is, where SQLite would otherwise make a number of whatever looks like one.
 */
function typeName(type: DataType): string {
  switch (type.type) {
    case 'boolean':
      return 'boolean';
    case 'int16':
    case 'int32':
    case 'int64':
      return 'integer';
    case 'float32':
    case 'float64':
      return 'real';
    case 'decimal':
      if (type.precision === undefined) return 'decimal text';
      return `${isNumber(type) ? 'decimal' : 'decimal text'}(${type.precision},${type.scale ?? 0})`;
    case 'bytes':
      return 'blob';
    case 'date':
      return 'date';
    case 'time':
      return 'time';
    case 'timestamp':
      return 'timestamp';
    case 'timestamptz':
      return 'timestamptz';
    case 'uuid':
      return 'uuid text';
    case 'json':
    case 'array':
      return 'json text';
    case 'text':
    case 'timetz':
    case 'interval':
      return 'text';
  }
}

function isNumber({ precision }: { readonly precision?: number }): boolean {
  return precision !== undefined && precision <= maxExactDigits;
}

function storedType(type: DataType): DataType {
  switch (type.type) {
    case 'int16':
    case 'int32':
      return { type: 'int64' };
    case 'float32':
      return { type: 'float64' };
    case 'timetz':
    case 'interval':
      return { type: 'text' };
    case 'text':
      return { type: 'text' };
    case 'array':
      return { type: 'json' };
    default:
      return type;
  }
}

/**
 * SQLite's own `cast` never fails: 'abc' becomes 0. These functions, which the connector brings along, fail. A
 * number of a text must be told apart from a number, so integers go through one too.
 */
function cast(sql: string, type: DataType): string {
  switch (type.type) {
    case 'text':
    case 'timetz':
    case 'interval':
      return `cast(${sql} as text)`;
    case 'decimal':
      return `millrace_decimal(${sql}, ${type.precision ?? 'null'}, ${type.scale ?? 0})`;
    case 'array':
      return `millrace_json(${sql})`;
    case 'int16':
      return `millrace_int16(${sql})`;
    case 'int32':
      return `millrace_int32(${sql})`;
    case 'float32':
      return `millrace_float64(${sql})`;
    default:
      return `millrace_${type.type}(${sql})`;
  }
}

export const sqliteDialect: Dialect = {
  name: 'sqlite',
  defaultSchema: 'main',
  maxIdentifierBytes: 255,
  quote: quoteIdentifier,
  quoteTable: (table: TableName) => `${quoteIdentifier(table.schema)}.${quoteIdentifier(table.name)}`,
  literal: standardLiteral,
  parameter: () => '?',
  typeName,
  storedType,
  cast,
  columnDefinition: (column: Column) =>
    `${quoteIdentifier(column.name)} ${typeName(column.type)}${column.nullable ? '' : ' not null'}`,
};
