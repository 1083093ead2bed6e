import { ConfigError } from '../../core/errors.ts';
import { literal } from './engine.ts';
import { fileNameOf } from './file-type.ts';

export interface WriteOptions {
  /** Settings of DuckDB's COPY. */
  readonly clauses: readonly string[];
}

const compressions = new Set(['none', 'gzip', 'zstd', 'snappy']);

/** Checks `target_options` of a file; a key that cannot be obeyed is an error that names it. */
export function writeOptions(path: string, options: Readonly<Record<string, unknown>>): WriteOptions {
  const { format, header, delimiter, compression, ...others } = options;
  const unknown = Object.keys(others).find((key) => others[key] !== undefined);
  if (unknown !== undefined) {
    throw new ConfigError(`target option ${unknown} is not yet supported for files.`, {
      code: 'not_yet_supported',
      next: 'Leave it out; files know: format, header, delimiter, compression.',
    });
  }
  const name = fileNameOf(path, format);
  const packed =
    typeof compression === 'string' && compression !== 'auto' ? compression.toLowerCase() : undefined;
  if (
    packed !== undefined &&
    (!compressions.has(packed) || (packed === 'snappy' && name.fileType !== 'parquet'))
  ) {
    throw new ConfigError(
      `target option compression: ${packed} is not yet supported for ${name.fileType} files.`,
      {
        code: 'not_yet_supported',
        next: 'Use none, gzip or zstd.',
      },
    );
  }
  switch (name.fileType) {
    case 'parquet':
      return {
        clauses: [
          'format parquet',
          `compression ${literal(packed === 'none' ? 'uncompressed' : (packed ?? 'zstd'))}`,
        ],
      };
    case 'csv': {
      const letter =
        typeof delimiter === 'string' ? delimiter.replace(String.raw`\t`, '\t') : name.tabs ? '\t' : ',';
      return {
        clauses: [
          'format csv',
          `header ${header !== false}`,
          `delimiter ${literal(letter)}`,
          `compression ${literal(packed ?? name.compression)}`,
        ],
      };
    }
    case 'jsonl':
    case 'json':
      return {
        clauses: [
          'format json',
          `array ${name.fileType === 'json'}`,
          `compression ${literal(packed ?? name.compression)}`,
        ],
      };
    case 'xlsx':
    case 'xml':
    case 'avro':
      throw new ConfigError(`${path}: ${name.fileType} files are read, and not written.`, {
        code: 'not_yet_supported',
        next: 'Write csv, jsonl, json or parquet.',
      });
  }
}
