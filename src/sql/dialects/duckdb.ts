import type { Column, DataType } from '../data-type.ts';
import type { Dialect, TableName } from '../dialect.ts';
import { quoteIdentifier, standardLiteral } from '../quoting.ts';

/** DuckDB's DECIMAL holds 38 digits; wider exact numbers are kept as text, which loses nothing. */
const maxDecimalPrecision = 38;

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
      return 'float';
    case 'float64':
      return 'double';
    case 'decimal':
      if (type.precision === undefined || type.precision > maxDecimalPrecision) return 'varchar';
      return `decimal(${type.precision},${type.scale ?? 0})`;
    case 'text':
      return 'varchar';
    case 'bytes':
      return 'blob';
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
      return 'json';
    case 'array':
      return `${typeName(type.element)}[]`;
  }
}

export const duckdbDialect: Dialect = {
  name: 'duckdb',
  defaultSchema: 'main',
  /** DuckDB sets no limit; this one keeps names readable. */
  maxIdentifierBytes: 255,
  quote: quoteIdentifier,
  quoteTable: (table: TableName) => `${quoteIdentifier(table.schema)}.${quoteIdentifier(table.name)}`,
  literal: standardLiteral,
  parameter: (index: number) => `$${index}`,
  typeName,
  columnDefinition: (column: Column) =>
    `${quoteIdentifier(column.name)} ${typeName(column.type)}${column.nullable ? '' : ' not null'}`,
};

/**
 * The dialect of one file, whose name without extension DuckDB puts before its schemas: `raw.orders` of a
 * file raw.duckdb may be schema and table or file and table, which DuckDB refuses to guess.
 */
export function duckdbDialectOf(catalogue: string): Dialect {
  const isAmbiguous = (schema: string): boolean => schema.toLowerCase() === catalogue.toLowerCase();
  return {
    ...duckdbDialect,
    quoteTable: (table) =>
      `${isAmbiguous(table.schema) ? `${quoteIdentifier(catalogue)}.` : ''}${duckdbDialect.quoteTable(table)}`,
  };
}
