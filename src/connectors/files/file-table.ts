import type { Column } from '../../sql/data-type.ts';
import type { FileType } from './file-type.ts';

/** Files of one kind, looked at: what a SELECT over them needs. */
export interface FileTable {
  readonly fileType: FileType;
  /** Absolute, in reading order. */
  readonly paths: readonly string[];
  readonly columns: readonly TypedColumn[];
  /** SQL that DuckDB reads the files by, such as `read_csv([...])`. */
  readonly from: string;
}

export interface TypedColumn extends Column {
  /** SQL over `from` that gives the value in its type. */
  readonly expression: string;
}
