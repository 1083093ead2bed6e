import type { Column, DataType } from './data-type.ts';

/** `schema.name` in one database. */
export interface TableName {
  readonly schema: string;
  readonly name: string;
}

/** How one SQL system spells things. Pure: builds text, runs nothing. */
export interface Dialect {
  /** `postgres`, `duckdb`, `sqlite`, `mysql`: also dbt's adapter type. */
  readonly name: string;
  readonly defaultSchema: string;
  /** Longest identifier in bytes; longer ones must be shortened by the caller. */
  readonly maxIdentifierBytes: number;
  /** Always quotes, and doubles quotes inside. */
  quote(identifier: string): string;
  /** `"schema"."name"`, both quoted. */
  quoteTable(table: TableName): string;
  /** A text literal. For values, prefer parameters. */
  literal(value: string | number | bigint | boolean | null): string;
  /**
   * A value of a small result, as text, as a literal of a column's type. Absent where
   * `cast('..' as <typeName>)` does that.
   */
  typedLiteral?(value: string, type: DataType): string;
  /** `$1` or `?`; `index` counts from 1. */
  parameter(index: number): string;
  /** The column type for `create table`. */
  typeName(type: DataType): string;
  /** One column of a `create table`. */
  columnDefinition(column: Column): string;
}
