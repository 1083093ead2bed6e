import { ConfigError } from '../../core/errors.ts';

export type FileType = 'csv' | 'jsonl' | 'json' | 'parquet';

const typeOfExtension: Readonly<Record<string, FileType>> = {
  csv: 'csv',
  tsv: 'csv',
  txt: 'csv',
  jsonl: 'jsonl',
  ndjson: 'jsonl',
  jsonlines: 'jsonl',
  json: 'json',
  parquet: 'parquet',
};

const extensions = /\.(csv|tsv|txt|jsonl|ndjson|jsonlines|json|parquet)(?:\.(gz|zst))?(?=[.~-]|$)/gi;

/** What a file's name says of its content; a stage's name may add letters behind the extension. */
export interface FileName {
  readonly fileType: FileType;
  readonly compression: 'none' | 'gzip' | 'zstd';
  /** The delimiter that the extension promises. */
  readonly tabs: boolean;
}

/** @param format the `format` option, which wins over the extension */
export function fileNameOf(path: string, format: unknown): FileName {
  const found = [...(path.split('/').at(-1) ?? '').matchAll(extensions)].at(-1);
  const word = typeof format === 'string' ? format.toLowerCase() : found?.[1]?.toLowerCase();
  const fileType = word === undefined ? undefined : typeOfExtension[word];
  if (!fileType) {
    throw new ConfigError(
      word === undefined
        ? `${path}: the name does not tell what kind of file it is.`
        : `${path}: files of format ${word} are not yet supported.`,
      {
        code: 'file_format',
        next: 'Use csv, jsonl, json or parquet; name it in format: when the extension does not.',
      },
    );
  }
  const packed = found?.[2]?.toLowerCase();
  return {
    fileType,
    compression: packed === 'gz' ? 'gzip' : packed === 'zst' ? 'zstd' : 'none',
    tabs: found?.[1]?.toLowerCase() === 'tsv',
  };
}
