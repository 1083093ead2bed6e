import type { Column, DataType } from '../data-type.ts';
import type { Dialect, TableName } from '../dialect.ts';
import { quoteIdentifier, standardLiteral } from '../quoting.ts';

function typeName(type: DataType): string {
  switch (type.type) {
    case 'boolean':
      return 'boolean';
    case 'int16':
      return 'smallint';
    case 'int32':
      return 'integer';
    case 'int64':
      return 'bigint';
    case 'float32':
      return 'real';
    case 'float64':
      return 'double precision';
    case 'decimal':
      return type.precision === undefined ? 'numeric' : `numeric(${type.precision},${type.scale ?? 0})`;
    case 'text':
      return type.maxLength === undefined ? 'text' : `varchar(${type.maxLength})`;
    case 'bytes':
      return 'bytea';
    case 'date':
      return 'date';
    case 'time':
      return 'time';
    case 'timetz':
      return 'timetz';
    case 'timestamp':
      return 'timestamp';
    case 'timestamptz':
      return 'timestamptz';
    case 'interval':
      return 'interval';
    case 'uuid':
      return 'uuid';
    case 'json':
      return 'jsonb';
    case 'array':
      return `${typeName(type.element)}[]`;
  }
}

export const postgresDialect: Dialect = {
  name: 'postgres',
  defaultSchema: 'public',
  /** NAMEDATALEN - 1. */
  maxIdentifierBytes: 63,
  quote: quoteIdentifier,
  quoteTable: (table: TableName) => `${quoteIdentifier(table.schema)}.${quoteIdentifier(table.name)}`,
  literal: standardLiteral,
  parameter: (index: number) => `$${index}`,
  typeName,
  columnDefinition: (column: Column) =>
    `${quoteIdentifier(column.name)} ${typeName(column.type)}${column.nullable ? '' : ' not null'}`,
};
