import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { FileParts, PartLevel } from '../../../connector/connection.ts';
import { ConfigError } from '../../../core/errors.ts';
import type { TableSchema } from '../../../sql/data-type.ts';
import { literal, quote } from '../engine/engine.ts';
import type { WrittenRows } from './file-writer.ts';
import type { WriteOptions } from './write-options.ts';

/** As strftime has them, and as Sling names the folders. */
const patterns: Readonly<Record<PartLevel, string>> = {
  year: '%Y',
  year_month: '%Y-%m',
  month: '%m',
  week: '%V',
  day: '%d',
  hour: '%H',
  minute: '%M',
  second: '%S',
};

/**
 * Writes rows into folders such as `at_year=2024/at_month=05`, which DuckDB and others read as columns; the files have
 * these columns too. Rows without a time go into `__HIVE_DEFAULT_PARTITION__`. Resolves to the bytes.
 */
export async function writePartFolders(
  { connection, table, columns }: WrittenRows,
  folder: string,
  options: WriteOptions,
  { parts, schema }: { readonly parts: FileParts; readonly schema: TableSchema },
): Promise<number> {
  refuseOptions(options);
  const time = timeOf(parts, schema);
  const names = parts.levels.map((level) => quote(`${parts.column}_${level}`));
  const values = parts.levels.map(
    (level, index) => `strftime(${time}, ${literal(patterns[level])}) as ${names[index] ?? ''}`,
  );
  const packing = options.fileType === 'parquet' && options.compression === 'none' ? 'uncompressed' : options.compression; // prettier-ignore
  const settings = [
    ...options.clauses,
    `compression ${literal(packing)}`,
    `partition_by (${names.join(', ')})`,
    'write_partition_columns true',
    `filename_pattern ${literal(`${parts.fileName}_{i}`)}`,
    `file_extension ${literal(options.extension)}`,
  ];
  await connection.run(
    `copy (select ${columns}, ${values.join(', ')} from ${table}) to ${literal(folder)} (${settings.join(', ')})`,
  );
  await mkdir(folder, { recursive: true });
  return await sizeOf(folder);
}

/** Adds the files of one folder of parts to another, and removes the first one. */
export async function addPartFolders(from: string, to: string): Promise<void> {
  for (const name of await filesBelow(from)) {
    const path = join(to, name);
    await mkdir(dirname(path), { recursive: true });
    await rename(join(from, name), path);
  }
  await rm(from, { recursive: true, force: true });
}

/** True of the folder of a part: `at_year=2024`. */
export function isPartFolder(name: string): boolean {
  return Object.keys(patterns).some((level) => name.includes(`_${level}=`));
}

function timeOf({ column }: FileParts, { columns }: TableSchema): string {
  const index = columns.findIndex(({ name }) => name === column);
  const type = columns[index]?.type.type;
  if (type === 'date' || type === 'timestamp') return `#${index + 1}`;
  if (type === 'timestamptz') return `make_timestamp(epoch_us(#${index + 1}))`;
  throw new ConfigError(`files cannot be divided by '${column}', which is ${type ?? 'not written'}.`, {
    code: 'part_key_invalid',
    next: 'Name a column of dates or times in update_key, or declare it so under columns:.',
  });
}

function refuseOptions(options: WriteOptions): void {
  const { fileType, compression, encoding, marked, maxRows, maxBytes } = options;
  const refused =
    fileType !== 'csv' && fileType !== 'parquet'
      ? `format: ${fileType}`
      : maxRows !== undefined || maxBytes !== undefined
        ? 'file_max_rows and file_max_bytes'
        : encoding !== 'utf-8' || marked
          ? 'encoding'
          : compression === 'zip' || (compression === 'snappy' && fileType === 'csv')
            ? `compression: ${compression}`
            : undefined;
  if (refused === undefined) return;
  throw new ConfigError(`target option ${refused} is not yet supported beside {part_...}.`, {
    code: 'not_yet_supported',
    next: 'Files in folders of parts are CSV in UTF-8, or Parquet, one or more for each folder.',
  });
}

async function sizeOf(folder: string): Promise<number> {
  let bytes = 0;
  for (const name of await filesBelow(folder)) bytes += (await stat(join(folder, name))).size;
  return bytes;
}

async function filesBelow(folder: string): Promise<readonly string[]> {
  const found = await readdir(folder, { recursive: true, withFileTypes: true });
  return found
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1));
}
