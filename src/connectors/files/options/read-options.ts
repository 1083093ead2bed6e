import { ConfigError } from '../../../core/errors.ts';
import type { DataType } from '../../../sql/data-type.ts';
import type { JsonQuery } from '../formats/json-query.ts';
import { type Encoding, encodingNames, encodingOf } from '../formats/text-encoding.ts';
import type { Compression } from '../disk/file-type.ts';
import { strptimeFormat, type TimeFormat } from './time-format.ts';

/** How files are read. Absent values are found out from the file. */
export interface ReadOptions {
  readonly format?: string;
  readonly header: boolean;
  readonly delimiter?: string;
  readonly quote: string;
  readonly escape: string;
  /** Lines before the header. */
  readonly skipLines: number;
  /** Rows that are passed over before the first one that is read. */
  readonly offset: number;
  /** True: `""` is NULL too. An empty field without quotes is always NULL, as PostgreSQL reads CSV. */
  readonly emptyAsNull: boolean;
  /** A text that means NULL; in CSV when it has no quotes. */
  readonly nullIf?: string;
  /** True: a line with nothing in it is no row, also where the table has one column only. */
  readonly skipBlankLines: boolean;
  /** Number of fields that the header must have; -1: short rows are filled up with NULL. */
  readonly fieldsPerRecord?: number;
  /** Digits behind the point that inferred decimals are rounded to. */
  readonly maxDecimals?: number;
  /** How dates and times are written, beside ISO 8601. */
  readonly timeFormat?: TimeFormat;
  /** Sheet and range of a workbook. */
  readonly sheet?: string;
  /** Levels of nested objects that become columns. */
  readonly flatten: number;
  /** Makes records out of documents. */
  readonly query?: JsonQuery;
  readonly encoding: Encoding;
  readonly compression: 'auto' | Compression;
  /** What to do with rows that do not fit the declared types: leave them out, or give only them. Absent: an error. */
  readonly rejects?: 'without' | 'only';
  /** Columns about the file beside those in it. */
  readonly metadata: readonly FileMetadata[];
  /** Declared types by column name; `*` stands for all others. */
  readonly columns: Readonly<Record<string, DataType>>;
}

/** What can be told of a row's file: the number of the row, the file's path, when it was changed. */
export type FileMetadata = (typeof fileMetadata)[number];

const fileMetadata = ['row_num', 'stream_url', 'changed_at'] as const;

type Reader = (value: unknown, key: string) => Partial<ReadOptions>;

const readers: Readonly<Record<string, Reader>> = {
  format: (value, key) => ({ format: text(value, key) }),
  header: (value, key) => ({ header: flag(value, key) }),
  delimiter: (value, key) => ({ delimiter: character(value, key) }),
  quote: (value, key) => ({ quote: character(value, key) }),
  escape: (value, key) => ({ escape: character(value, key) }),
  skip_lines: (value, key) => ({ skipLines: count(value, key) }),
  offset: (value, key) => ({ offset: count(value, key) }),
  empty_as_null: (value, key) => ({ emptyAsNull: flag(value, key) }),
  null_if: (value, key) => ({ nullIf: text(value, key) }),
  skip_blank_lines: (value, key) => ({ skipBlankLines: flag(value, key) }),
  fields_per_rec: (value, key) =>
    value === 0 ? {} : { fieldsPerRecord: value === -1 ? -1 : count(value, key) },
  max_decimals: (value, key) => (value === -1 ? {} : { maxDecimals: count(value, key) }),
  sheet: (value, key) => ({ sheet: text(value, key) }),
  flatten: (value, key) => ({ flatten: flattenDepth(value, key) }),
  jmespath: (value, key) => ({ query: { language: 'jmespath', expression: text(value, key) } }),
  jq: (value, key) => ({ query: { language: 'jq', expression: text(value, key) } }),
  encoding: (value, key) => ({ encoding: encoding(text(value, key)) }),
  compression: (value, key) => ({ compression: compression(text(value, key)) }),
  columns: (value) => ({ columns: byName(value as Readonly<Record<string, DataType>>) }),
  rejects: (value, key) => {
    if (value !== 'without' && value !== 'only') throw invalid(key, 'without or only');
    return { rejects: value };
  },
  files: () => ({}),
  metadata: (value) => ({ metadata: value as readonly FileMetadata[] }),
  datetime_format: (value, key) => {
    const format = text(value, key);
    if (format === '' || format.toUpperCase() === 'AUTO') return {};
    return { timeFormat: strptimeFormat(format) };
  },
};

const defaults: ReadOptions = {
  header: true,
  quote: '"',
  escape: '"',
  skipLines: 0,
  offset: 0,
  emptyAsNull: false,
  skipBlankLines: false,
  flatten: 0,
  encoding: 'utf-8',
  compression: 'auto',
  metadata: [],
  columns: byName({}),
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
  if (options['jmespath'] !== undefined && options['jq'] !== undefined) {
    throw new ConfigError('source options jmespath and jq both make records out of a document.', {
      code: 'option_contradictory',
      next: 'Keep one of them.',
    });
  }
  return result;
}

/** Options by the kind of file that they are about; a key that is not here is about all. */
const keysOfKinds: Readonly<Record<string, readonly string[]>> = {
  delimiter: ['csv'],
  quote: ['csv'],
  escape: ['csv'],
  skip_blank_lines: ['csv', 'xlsx'],
  fields_per_rec: ['csv'],
  header: ['csv', 'xlsx'],
  skip_lines: ['csv', 'xlsx'],
  sheet: ['xlsx'],
  flatten: ['json', 'jsonl', 'xml', 'avro'],
  jmespath: ['json', 'jsonl'],
  jq: ['json', 'jsonl'],
  encoding: ['csv', 'json', 'jsonl', 'xml'],
  null_if: ['csv', 'json', 'jsonl', 'xml', 'xlsx'],
  empty_as_null: ['csv', 'json', 'jsonl', 'xml', 'xlsx'],
  datetime_format: ['csv', 'json', 'jsonl', 'xml', 'xlsx'],
  max_decimals: ['csv', 'json', 'jsonl', 'xml', 'xlsx'],
};

/**
 * Refuses options that have no effect on files of a kind. Those that say what holds anyway are let through.
 * @throws ConfigError code `option_not_applicable`
 */
export function requireApplicable(options: Readonly<Record<string, unknown>>, fileType: string): void {
  for (const [key, value] of Object.entries(options)) {
    const kinds = keysOfKinds[key];
    const isIdle = value === undefined || value === -1 || value === (key === 'header');
    if (!kinds || isIdle || kinds.includes(fileType) || isUtf8(key, value)) continue;
    if (key === 'datetime_format' && typeof value === 'string' && value.toUpperCase() === 'AUTO') continue;
    throw new ConfigError(`source option ${key} has no effect on ${fileType} files.`, {
      code: 'option_not_applicable',
      next: `Remove it from the stream and its defaults; it is about ${kinds.join(', ')}.`,
    });
  }
}

function isUtf8(key: string, value: unknown): boolean {
  return key === 'encoding' && typeof value === 'string' && encodingOf(value) === 'utf-8';
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

/** `true` takes all levels apart, a number so many of them. */
function flattenDepth(value: unknown, key: string): number {
  if (value === true || value === 'true') return Infinity;
  if (value === false || value === 'false' || value === -1) return 0;
  const depth = typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value;
  if (typeof depth !== 'number' || !Number.isInteger(depth) || depth < 0) {
    throw invalid(key, 'true, false or a number of levels');
  }
  return depth === 0 ? Infinity : depth;
}

function character(value: unknown, key: string): string {
  const letter = text(value, key) === String.raw`\t` ? '\t' : text(value, key);
  if (letter.length !== 1) throw invalid(key, 'one character');
  return letter;
}

function encoding(name: string): Encoding {
  const known = encodingOf(name);
  if (known) return known;
  throw unsupported(
    `encoding: ${name}`,
    `Convert the file to UTF-8; known encodings: ${encodingNames.join(', ')}.`,
  );
}

const compressions: readonly string[] = ['auto', 'none', 'gzip', 'zstd', 'snappy', 'zip'];

function compression(name: string): ReadOptions['compression'] {
  const known = compressions.includes(name.toLowerCase());
  if (known) return name.toLowerCase() as ReadOptions['compression'];
  throw unsupported(`compression: ${name}`, `Use one of ${compressions.join(', ')}.`);
}

/** A column may be called `constructor`, which every plain object has. */
function byName(columns: Readonly<Record<string, DataType>>): Readonly<Record<string, DataType>> {
  return Object.assign(Object.create(null), columns) as Readonly<Record<string, DataType>>;
}
