import { ConfigError } from '../../../core/errors.ts';

/** What DuckDB reads and writes. */
export type TableType = 'csv' | 'jsonl' | 'json' | 'parquet';

/** What files may be; those that are no `TableType` are read only. */
export type FileType = TableType | 'xlsx' | 'xml' | 'avro';

export type Compression = 'none' | 'gzip' | 'zstd' | 'snappy' | 'zip';

const typeOfExtension: Readonly<Record<string, FileType>> = {
  csv: 'csv',
  tsv: 'csv',
  txt: 'csv',
  jsonl: 'jsonl',
  ndjson: 'jsonl',
  jsonlines: 'jsonl',
  json: 'json',
  geojson: 'json',
  parquet: 'parquet',
  xlsx: 'xlsx',
  xlsm: 'xlsx',
  excel: 'xlsx',
  xls: 'xlsx',
  xml: 'xml',
  avro: 'avro',
};

const compressionOfExtension: Readonly<Record<string, Compression>> = {
  gz: 'gzip',
  gzip: 'gzip',
  zst: 'zstd',
  zstd: 'zstd',
  sz: 'snappy',
  snappy: 'snappy',
  zip: 'zip',
};

const kinds = [
  'csv',
  'tsv',
  'txt',
  'jsonl',
  'ndjson',
  'jsonlines',
  'geojson',
  'json',
  'parquet',
  'xlsx',
  'xlsm',
  'xls',
  'xml',
  'avro',
].join('|');
const packings = ['gzip', 'gz', 'zstd', 'zst', 'snappy', 'sz', 'zip'].join('|');
const extensions = new RegExp(`\\.(${kinds})(?:\\.(${packings}))?(?=[.~-]|$)`, 'gi');
const packedOnly = new RegExp(`\\.(${packings})(?=[.~-]|$)`, 'i');

/** What a file's name says of its content; a stage's name may add letters behind the extension. */
export interface FileName {
  readonly fileType: FileType;
  readonly compression: Compression;
  /** The delimiter that the extension promises. */
  readonly tabs: boolean;
}

/** @param format the `format` option, which wins over the extension */
export function fileNameOf(path: string, format: unknown): FileName {
  const base = path.split('/').at(-1) ?? '';
  const found = [...base.matchAll(extensions)].at(-1);
  const word = typeof format === 'string' ? format.toLowerCase() : found?.[1]?.toLowerCase();
  const fileType = word === undefined ? undefined : typeOfExtension[word];
  if (!fileType) {
    throw new ConfigError(
      word === undefined
        ? `${path}: the name does not tell what kind of file it is.`
        : `${path}: files of format ${word} are not yet supported.`,
      {
        code: 'file_format',
        next: `Use csv, jsonl, json, parquet, xlsx, xml or avro; name it in format: when the extension does not.`,
      },
    );
  }
  return { fileType, compression: compressionOfName(path), tabs: found?.[1]?.toLowerCase() === 'tsv' };
}

/** True if a file's name says what it is. */
export function tellsType(path: string): boolean {
  return (path.split('/').at(-1) ?? '').search(extensions) >= 0;
}

/** How a file is packed, by its name alone. */
export function compressionOfName(path: string): Compression {
  const base = path.split('/').at(-1) ?? '';
  const packed = [...base.matchAll(extensions)].at(-1)?.[2] ?? packedOnly.exec(base)?.[1];
  return compressionOfExtension[packed?.toLowerCase() ?? ''] ?? 'none';
}

/** How DuckDB takes a file to be packed, by its name alone. */
export function packingByName(path: string): 'none' | 'gzip' | 'zstd' {
  if (path.endsWith('.gz')) return 'gzip';
  return path.endsWith('.zst') ? 'zstd' : 'none';
}
