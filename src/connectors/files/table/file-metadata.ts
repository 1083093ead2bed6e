import type { DataType } from '../../../sql/data-type.ts';
import { literal, quote } from '../engine/engine.ts';
import type { FileTable, ReadableFile } from './file-table.ts';
import type { FileMetadata, ReadOptions } from '../options/read-options.ts';

interface MetadataColumn {
  readonly name: string;
  readonly type: DataType;
  /** SQL that gives its value for every row of one file. */
  readonly value: (file: ReadableFile) => string;
}

/** Columns about files, by the names that Sling gives them. */
const metadataColumns: Readonly<Record<FileMetadata, MetadataColumn>> = {
  row_num: { name: '_sling_row_num', type: { type: 'int64' }, value: () => 'row_number() over ()' },
  stream_url: {
    name: '_sling_stream_url',
    type: { type: 'text' },
    value: ({ place }) => literal(place.startsWith('/') ? `file://${place}` : place),
  },
  changed_at: {
    name: '_sling_loaded_at',
    type: { type: 'int64' },
    value: ({ changedAtMs }) => `cast(${Math.floor(changedAtMs / 1000)} as bigint)`,
  },
};

/** Adds what was asked for to each file's rows. */
export function withMetadata(table: FileTable, { metadata, rejects }: ReadOptions): FileTable {
  if (metadata.length === 0 || rejects === 'only') return table;
  const columns = metadata.map((key) => metadataColumns[key]);
  const part = (path: string): string => {
    const file = table.files.find((candidate) => candidate.path === path);
    const values = file ? columns.map(({ name, value }) => `${value(file)} as ${quote(name)}`) : [];
    return `select *, ${values.join(', ')} from ${table.fromOf([path])}`;
  };
  return {
    ...table,
    columns: [
      ...table.columns,
      ...columns.map(({ name, type }) => ({ name, type, nullable: false, expression: quote(name) })),
    ],
    fromOf: (paths) => `(${paths.map(part).join('\nunion all\n')})`,
  };
}
