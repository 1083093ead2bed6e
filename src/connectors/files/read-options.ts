import { ConfigError } from '../../core/errors.ts';
import type { DataType } from '../../sql/data-type.ts';

/** How files are read. Absent values are found out from the file. */
export interface ReadOptions {
  readonly format?: string;
  readonly header: boolean;
  readonly delimiter?: string;
  readonly quote: string;
  readonly escape: string;
  /** Lines before the header. */
  readonly skipLines: number;
  /** True: `""` is NULL too. An empty field without quotes is always NULL, as PostgreSQL reads CSV. */
  readonly emptyAsNull: boolean;
  /** An unquoted text that means NULL, beside the empty one. */
  readonly nullIf?: string;
  readonly encoding: string;
  readonly compression: 'auto' | 'none' | 'gzip' | 'zstd';
  /** What to do with rows that do not fit the declared types: leave them out, or give only them. Absent: an error. */
  readonly rejects?: 'without' | 'only';
  /** Declared types by column name; `*` stands for all others. */
  readonly columns: Readonly<Record<string, DataType>>;
}

/** What DuckDB reads without an extension, by Sling's names. */
const encodings: Readonly<Record<string, string>> = {
  utf8: 'utf-8',
  'utf-8': 'utf-8',
  utf8_bom: 'utf-8',
  utf16: 'utf-16',
  'utf-16': 'utf-16',
  latin1: 'latin-1',
  'latin-1': 'latin-1',
};

type Reader = (value: unknown, key: string) => Partial<ReadOptions>;

const readers: Readonly<Record<string, Reader>> = {
  format: (value, key) => ({ format: text(value, key) }),
  header: (value, key) => ({ header: flag(value, key) }),
  delimiter: (value, key) => ({ delimiter: character(value, key) }),
  quote: (value, key) => ({ quote: character(value, key) }),
  escape: (value, key) => ({ escape: character(value, key) }),
  skip_lines: (value, key) => ({ skipLines: count(value, key) }),
  empty_as_null: (value, key) => ({ emptyAsNull: flag(value, key) }),
  null_if: (value, key) => ({ nullIf: text(value, key) }),
  encoding: (value, key) => ({ encoding: encoding(text(value, key)) }),
  compression: (value, key) => ({ compression: compression(text(value, key)) }),
  columns: (value) => ({ columns: value as Readonly<Record<string, DataType>> }),
  rejects: (value, key) => {
    if (value !== 'without' && value !== 'only') throw invalid(key, 'without or only');
    return { rejects: value };
  },
  datetime_format: (value, key) => {
    if (text(value, key).toUpperCase() !== 'AUTO')
      throw unsupported(
        key,
        'Dates and times are read as ISO 8601; declare the column as string and convert it in a model.',
      );
    return {};
  },
};

const defaults: ReadOptions = {
  header: true,
  quote: '"',
  escape: '"',
  skipLines: 0,
  emptyAsNull: false,
  encoding: 'utf-8',
  compression: 'auto',
  columns: {},
};

/** Checks `source_options`; a key that files cannot obey is an error that names it. */
export function readOptions(options: Readonly<Record<string, unknown>>): ReadOptions {
  let result = defaults;
  for (const [key, value] of Object.entries(options)) {
    if (value === undefined) continue;
    const reader = readers[key];
    if (!reader) throw unsupported(key, `Leave it out; files know: ${Object.keys(readers).join(', ')}.`);
    result = { ...result, ...reader(value, key) };
  }
  return result;
}

function unsupported(what: string, next: string): ConfigError {
  return new ConfigError(`source option ${what} is not yet supported for files.`, {
    code: 'not_yet_supported',
    next,
  });
}

function invalid(key: string, expected: string): ConfigError {
  return new ConfigError(`source option ${key} must be ${expected}.`, { code: 'invalid_value' });
}

function text(value: unknown, key: string): string {
  if (typeof value !== 'string') throw invalid(key, 'text');
  return value;
}

function flag(value: unknown, key: string): boolean {
  if (typeof value !== 'boolean') throw invalid(key, 'true or false');
  return value;
}

function count(value: unknown, key: string): number {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 0)
    throw invalid(key, 'a whole number');
  return value;
}

function character(value: unknown, key: string): string {
  const letter = text(value, key) === String.raw`\t` ? '\t' : text(value, key);
  if (letter.length !== 1) throw invalid(key, 'one character');
  return letter;
}

function encoding(name: string): string {
  const known = encodings[name.toLowerCase()];
  if (known) return known;
  throw unsupported(
    `encoding: ${name}`,
    `Convert the file to UTF-8; known encodings: ${Object.keys(encodings).join(', ')}.`,
  );
}

function compression(name: string): ReadOptions['compression'] {
  if (name === 'auto' || name === 'none' || name === 'gzip' || name === 'zstd') return name;
  throw unsupported(`compression: ${name}`, 'Use none, gzip or zstd.');
}
