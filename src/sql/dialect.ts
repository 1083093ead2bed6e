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
  /** True where statements that define something commit at once, and whatever came before them too. */
  readonly ddlCommits?: true;
  /**
   * What `describe` tells of a column that was made with this type; absent where the system knows all types
   * that it is given.
   */
  storedType?(type: DataType): DataType;
  /** SQL that converts a value, or fails; absent where `cast(.. as <typeName>)` does that. */
  cast?(sql: string, type: DataType): string;
  /** SQL by which two values of a type are told apart exactly; absent where the value itself will do. */
  exactly?(sql: string, type: DataType): string;
  /** A column in an index: `partly` when only its beginning has room there. Absent where any column has. */
  indexed?(column: Column): { readonly sql: string; readonly partly: boolean };
  /** Columns that fit one row of a table together; absent where any do. */
  fitted?(columns: readonly Column[]): readonly Column[];
  /** One column of a `create table`. */
  columnDefinition(column: Column): string;
}
