import { ConfigError } from '../../../core/errors.ts';
import { landedArray } from '../../../connector/duckdb/landed-array.ts';
import type { DataType } from '../../../sql/data-type.ts';
import { duckdbDialect } from '../../../sql/dialects/index.ts';
import { literal } from '../engine/engine.ts';
import { mayHoldInexact } from '../formats/exact-number.ts';
import { verbatimMark } from '../formats/json-text.ts';
import { type Compression, fileNameOf, type FileType, type TableType } from '../disk/file-type.ts';
import { type Encoding, encodingNames, encodingOf } from '../formats/text-encoding.ts';
import { strptimeFormat, type TimeFormat } from '../options/time-format.ts';

/** Of DuckDB's DECIMAL. */
const mostDigits = 38;

/** How a file is written. */
export interface WriteOptions {
  readonly fileType: TableType;
  /** Settings of DuckDB's COPY, without compression. */
  readonly clauses: readonly string[];
  readonly compression: Compression;
  readonly encoding: Encoding;
  /** True: UTF-8 begins with a byte order mark. */
  readonly marked: boolean;
  /** Extension of the parts of a file that is split. */
  readonly extension: string;
  readonly timeFormat?: TimeFormat;
  readonly maxDecimals?: number;
  /** Rows of a part; absent when the file is one. */
  readonly maxRows?: number;
  /** Bytes of a part; absent when the file is one. */
  readonly maxBytes?: number;
}

const knownOptions = [
  'format',
  'header',
  'delimiter',
  'compression',
  'encoding',
  'datetime_format',
  'max_decimals',
  'file_max_rows',
  'file_max_bytes',
];

/**
 * Checks `target_options` of a file; a key that cannot be obeyed is an error that names it.
 * @param fallback what is written when neither name nor options tell
 */
export function writeOptions(
  path: string,
  options: Readonly<Record<string, unknown>>,
  fallback?: string,
): WriteOptions {
  const unknown = Object.keys(options).find(
    (key) => options[key] !== undefined && !knownOptions.includes(key),
  );
  if (unknown !== undefined)
    throw unsupported(unknown, `Leave it out; files know: ${knownOptions.join(', ')}.`);
  const name = fileNameOf(path, options['format'] ?? fallback);
  const fileType = writable(name.fileType, path);
  const compression = compressionOf(options['compression'], name.compression, fileType);
  const { encoding, marked } = encodingOption(options['encoding'], fileType);
  const maxRows = countOf(options['file_max_rows'], 'file_max_rows');
  const maxBytes = countOf(options['file_max_bytes'], 'file_max_bytes');
  const maxDecimals = options['max_decimals'] === -1 ? undefined : options['max_decimals'];
  if (maxDecimals !== undefined && !isCount(maxDecimals)) throw invalid('max_decimals', 'a number of digits');
  const timeFormat = timeFormatOf(options['datetime_format'], fileType);
  const packed = { none: '', gzip: '.gz', zstd: '.zst', snappy: '.sz', zip: '.zip' }[compression];
  return {
    fileType,
    clauses: clausesOf(fileType, options, name.tabs),
    compression,
    encoding,
    marked,
    extension: `${fileType === 'csv' && name.tabs ? 'tsv' : fileType}${fileType === 'parquet' ? '' : packed}`,
    ...(timeFormat ? { timeFormat } : {}),
    ...(maxDecimals === undefined ? {} : { maxDecimals }),
    ...(maxRows === undefined ? {} : { maxRows }),
    ...(maxBytes === undefined ? {} : { maxBytes }),
  };
}

/** SQL of a value as the options want it written. */
export function writtenValue(expression: string, type: DataType, options: WriteOptions): string {
  const { timeFormat, maxDecimals, fileType } = options;
  const isJson = fileType === 'json' || fileType === 'jsonl';
  const isTime = type.type === 'timestamp' || type.type === 'timestamptz';
  if (timeFormat && (timeFormat.kind === 'date' ? type.type === 'date' : isTime))
    return `strftime(${expression}, ${literal(timeFormat.pattern)})`;
  if (type.type === 'float32' || type.type === 'float64') {
    const value = maxDecimals === undefined ? expression : `round(${expression}, ${maxDecimals})`;
    return isJson ? jsonFloat(value) : value;
  }
  if (
    type.type === 'decimal' &&
    maxDecimals !== undefined &&
    type.precision !== undefined &&
    type.precision <= 38 &&
    (type.scale ?? 0) > maxDecimals
  ) {
    const shorter = { ...type, precision: Math.min(38, type.precision + 1), scale: maxDecimals };
    return `cast(round(${expression}, ${maxDecimals}) as ${duckdbDialect.typeName(shorter)})`;
  }
  if (isJson && type.type === 'decimal' && type.precision !== undefined && type.precision === type.scale)
    return jsonDecimal(expression, type.precision);
  if (fileType !== 'parquet' && (isTime || type.type === 'date')) return isoTime(expression, type);
  // Parquet keeps such times without their zone.
  if (type.type === 'timetz') return `cast(${expression} as varchar)`;
  if (type.type === 'array' && fileType === 'parquet')
    return landedArray(expression, type.element, parquetName(type.element));
  if (type.type === 'array') return jsonArray(expression, type.element);
  if (type.type !== 'json') return expression;
  if (!isJson) return `cast(${expression} as json)`;
  // DuckDB's writer of JSON would round the numbers in it.
  const text = `cast(${expression} as varchar)`;
  return `case when ${mayHoldInexact(text)} then to_json(${literal(verbatimMark)} || ${text}) else cast(${expression} as json) end`;
}

/** Parquet keeps intervals to the millisecond, and times without their zone. */
function parquetName(element: DataType): string {
  const isText = element.type === 'interval' || element.type === 'timetz';
  return isText ? 'varchar' : duckdbDialect.typeName(element);
}

/** Numbers that JSON's are exact for are such; others are texts, as they are in the vector. */
function jsonArray(expression: string, element: DataType): string {
  switch (element.type) {
    case 'boolean':
    case 'int16':
    case 'int32':
    case 'int64':
      return `to_json(${landedArray(expression, element)})`;
    case 'float32':
    case 'float64':
      return `to_json(list_transform(${landedArray(expression, element)}, lambda item: ${jsonFloat('item')}))`;
    default:
      return `cast(${expression} as json)`;
  }
}

/** JSON has no NaN and no infinity, so they are texts there, as PostgreSQL writes them. */
function jsonFloat(value: string): string {
  const text = `case when isnan(${value}) then 'NaN' when ${value} > 0 then 'Infinity' else '-Infinity' end`;
  return `case when isnan(${value}) or isinf(${value}) then to_json(${text}) else to_json(${value}) end`;
}

/** DuckDB writes no zero before the point of a number that has digits behind it only, and JSON wants one. */
function jsonDecimal(expression: string, precision: number): string {
  if (precision < mostDigits)
    return `cast(${expression} as ${duckdbDialect.typeName({ type: 'decimal', precision: precision + 1, scale: precision })})`;
  return `regexp_replace(cast(${expression} as varchar), '^(-?)[.]', '\\10.')`;
}

/** Years before Christ as ISO 8601 counts them, with a sign; the rest as DuckDB writes it. */
function isoTime(expression: string, { type }: DataType): string {
  const text = `cast(${expression} as varchar)`;
  // The year of an instant is that of its era.
  const year =
    type === 'timestamptz' ? `year(make_timestamp(epoch_us(${expression})))` : `year(${expression})`;
  const signed = `case when ${year} = 0 then '0000' else printf('%05d', ${year}) end || '\\1'`;
  return `case when ${text} like '%(BC)%' then regexp_replace(${text}, '^[0-9]+(-..-..) .BC.', ${signed}) else ${text} end`;
}

function writable(fileType: FileType, path: string): TableType {
  if (fileType !== 'xlsx' && fileType !== 'xml' && fileType !== 'avro') return fileType;
  throw new ConfigError(`${path}: ${fileType} files are read, and not written.`, {
    code: 'not_yet_supported',
    next: 'Write csv, jsonl, json or parquet.',
  });
}

function clausesOf(
  fileType: TableType,
  { header, delimiter }: Readonly<Record<string, unknown>>,
  tabs: boolean,
): readonly string[] {
  switch (fileType) {
    case 'parquet':
      return ['format parquet'];
    case 'csv': {
      const letter =
        typeof delimiter === 'string' ? delimiter.replace(String.raw`\t`, '\t') : tabs ? '\t' : ',';
      return ['format csv', `header ${header !== false}`, `delimiter ${literal(letter)}`];
    }
    case 'jsonl':
    case 'json':
      return ['format json', `array ${fileType === 'json'}`];
  }
}

function compressionOf(wanted: unknown, byName: string, fileType: TableType): WriteOptions['compression'] {
  const word = typeof wanted === 'string' && wanted !== 'auto' ? wanted.toLowerCase() : undefined;
  const known = word ?? (fileType === 'parquet' && byName === 'none' ? 'zstd' : byName);
  if (known === 'none' || known === 'gzip' || known === 'zstd' || known === 'snappy') return known;
  if (known === 'zip' && fileType !== 'parquet') return known;
  const others = fileType === 'parquet' ? 'zstd or snappy' : 'zstd, snappy or zip';
  throw unsupported(`compression: ${known}`, `${fileType} files are written with none, gzip, ${others}.`);
}

function encodingOption(wanted: unknown, fileType: TableType): Pick<WriteOptions, 'encoding' | 'marked'> {
  if (wanted === undefined) return { encoding: 'utf-8', marked: false };
  const known = typeof wanted === 'string' ? encodingOf(wanted) : undefined;
  if (!known || typeof wanted !== 'string')
    throw unsupported('encoding', `Use one of ${encodingNames.join(', ')}.`);
  if (known !== 'utf-8' && fileType !== 'csv')
    throw unsupported(`encoding: ${wanted}`, `${fileType} files are UTF-8; leave it out.`);
  return { encoding: known, marked: fileType === 'csv' && /bom/i.test(wanted) };
}

function timeFormatOf(wanted: unknown, fileType: TableType): TimeFormat | undefined {
  if (wanted === undefined || wanted === '') return undefined;
  if (typeof wanted !== 'string') throw invalid('datetime_format', 'text');
  if (wanted.toUpperCase() === 'AUTO') return undefined;
  if (fileType === 'parquet')
    throw unsupported('datetime_format', 'Parquet keeps times as times; leave it out.');
  return strptimeFormat(wanted);
}

function countOf(value: unknown, key: string): number | undefined {
  if (value === undefined || value === 0) return undefined;
  if (!isCount(value)) throw invalid(key, 'a whole number');
  return value;
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0;
}

function unsupported(what: string, next: string): ConfigError {
  return new ConfigError(`target option ${what} is not yet supported for files.`, {
    code: 'not_yet_supported',
    next,
  });
}

function invalid(key: string, expected: string): ConfigError {
  return new ConfigError(`target option ${key} must be ${expected}.`, { code: 'invalid_value' });
}
