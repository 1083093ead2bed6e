import type { Column, DataType } from '../data-type.ts';
import type { Dialect, TableName } from '../dialect.ts';
import { quoteIdentifier, standardLiteral } from '../quoting.ts';

/** Declared types: SQLite keeps the name and derives an affinity from it. */
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
      return type.precision === undefined ? 'numeric' : `decimal(${type.precision},${type.scale ?? 0})`;
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
    case 'text':
    case 'interval':
    case 'uuid':
    case 'json':
    case 'array':
      return 'text';
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
  columnDefinition: (column: Column) =>
    `${quoteIdentifier(column.name)} ${typeName(column.type)}${column.nullable ? '' : ' not null'}`,
};
