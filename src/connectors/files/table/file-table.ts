import type { DuckDBConnection } from '@duckdb/node-api';
import type { Column, DataType } from '../../../sql/data-type.ts';
import type { TableType } from '../disk/file-type.ts';
import type { PlainText } from '../csv/plain/plain-records.ts';

/** A file, as people know it and as DuckDB reads it. */
export interface ReadableFile {
  /** What DuckDB reads: the file itself, or a temporary one with the same rows. */
  readonly path: string;
  /** For messages: the file, and for archives what in it. */
  readonly place: string;
  /** When the file was last changed, in milliseconds since 1970. */
  readonly changedAtMs: number;
}

/** Files of one kind that DuckDB can read. */
export interface ReadableFiles {
  readonly fileType: TableType;
  readonly files: readonly ReadableFile[];
  /** Some values are JSON in a string behind `verbatimMark`. */
  readonly hasVerbatim?: boolean;
  /** Set when the files were made from others, so that more is known of them than JSON tells. */
  readonly records?: RecordShape;
}

/** What is known of records that were made from another kind of file. */
export interface RecordShape {
  readonly columns: readonly { readonly name: string; readonly type?: DataType }[];
  /** Key that holds the number of the row that a record came from. */
  readonly rowKey?: string;
  /** Every value is text, so that its type is told by how it is written. */
  readonly isText: boolean;
}

/** Files of one kind, looked at: what a SELECT over them needs. */
export interface FileTable {
  readonly fileType: TableType;
  /** In reading order. */
  readonly files: readonly ReadableFile[];
  readonly columns: readonly TypedColumn[];
  /** SQL that DuckDB reads files by, such as `read_csv([...])`. */
  readonly fromOf: (paths: readonly string[]) => string;
  /**
   * Set when types were told by the first rows, or declared, so that rows are held to them while they are read.
   * When reading fails, this looks at all rows: it throws a `DataError` with the place of the first value that
   * does not fit what was declared, and else gives the table as all rows want it; undefined where that is the same.
   */
  readonly recheck?: (connection: DuckDBConnection, signal: AbortSignal) => Promise<FileTable | undefined>;
  /** Absent where it is not CSV. */
  readonly plain?: PlainText;
}

export interface TypedColumn extends Column {
  /** SQL over `from` that gives the value in its type. */
  readonly expression: string;
}

export function pathsOf(files: readonly ReadableFile[]): readonly string[] {
  return files.map((file) => file.path);
}
