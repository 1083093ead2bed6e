import {
  type DuckDBConnection,
  DuckDBDecimalType,
  DuckDBListType,
  DuckDBArrayType,
  type DuckDBType,
  DuckDBTypeId,
} from '@duckdb/node-api';
import { ConfigError, DataError } from '../../../core/errors.ts';
import type { DataType } from '../../../sql/data-type.ts';
import { duckdbDialect } from '../../../sql/dialects/index.ts';
import { literal, quote } from '../engine/engine.ts';
import { type FileTable, pathsOf, type ReadableFile, type TypedColumn } from '../table/file-table.ts';
import type { ReadOptions } from '../options/read-options.ts';

/** Parquet tells its own types. */
export async function parquetTable(
  connection: DuckDBConnection,
  files: readonly ReadableFile[],
  options: ReadOptions,
): Promise<FileTable> {
  const declared = Object.keys(options.columns)[0];
  if (declared !== undefined) {
    throw new ConfigError(`columns: declares ${declared}, but Parquet files have types of their own.`, {
      code: 'not_yet_supported',
      next: 'Remove columns:, and convert in a model.',
    });
  }
  const folders = (await tellFolders(connection, files)) ? '' : ', hive_partitioning = false';
  const byName = (await haveSameTypes(connection, files)) ? '' : ', union_by_name = true';
  const fromOf = (some: readonly string[]): string =>
    `read_parquet([${some.map(literal).join(', ')}]${folders}${byName})`;
  const paths = pathsOf(files);
  const from = fromOf(paths);
  const shape = await connection.runAndReadAll(`select * from ${from} limit 0`);
  const types = shape.columnTypes();
  const columns = shape.columnNames().map((name, index): TypedColumn => {
    const type = parquetType(types[index]);
    return { name, type, nullable: true, expression: typedValue(name, type, types[index]) };
  });
  const nanoseconds = shape
    .columnNames()
    .filter((_, index) => types[index]?.typeId === DuckDBTypeId.TIMESTAMP_NS);
  await checkNanoseconds(connection, paths, from, nanoseconds);
  return { fileType: 'parquet', files, columns, fromOf };
}

/**
 * DuckDB casts further files to the types of the first one, and rounds for that; told to look at all, it takes a type that
 * bears them all.
 * @returns false where numbers of one column have several exact types
 * @throws DataError code `file_columns_differ`
 */
async function haveSameTypes(connection: DuckDBConnection, files: readonly ReadableFile[]): Promise<boolean> {
  let first: { readonly place: string; readonly types: ReadonlyMap<string, string> } | undefined;
  let isSame = true;
  for (const { path, place } of files.length > 1 ? files : []) {
    const types = await ownTypes(connection, path, false);
    const names = [...types.keys()];
    first ??= { place, types };
    for (const name of new Set([...first.types.keys(), ...names])) {
      const [before, now] = [first.types.get(name), types.get(name)];
      if (before === now) continue;
      if (!isExactNumber(before) || !isExactNumber(now)) throw differs(first.place, place, name, before, now);
      isSame = false;
    }
  }
  return isSame;
}

/** True if folders such as `year=2024` tell columns that the files lack; those in the files are of one type in all. */
async function tellFolders(connection: DuckDBConnection, [first]: readonly ReadableFile[]): Promise<boolean> {
  if (!first?.path.includes('=')) return true;
  const own = await ownTypes(connection, first.path, false);
  return [...(await ownTypes(connection, first.path, true)).keys()].some((name) => !own.has(name));
}

/** Types of the columns of one file, and of those that its folders tell. */
async function ownTypes(
  connection: DuckDBConnection,
  path: string,
  withFolders: boolean,
): Promise<ReadonlyMap<string, string>> {
  const shape = await connection.runAndReadAll(
    `select * from read_parquet([${literal(path)}]${withFolders ? '' : ', hive_partitioning = false'}) limit 0`,
  );
  const names = shape.columnNames();
  return new Map(shape.columnTypes().map((type, index) => [names[index] ?? '', String(type)]));
}

function isExactNumber(type: string | undefined): boolean {
  return type !== undefined && /^(U?(TINY|SMALL|BIG)?INT(EGER)?|DECIMAL.*)$/.test(type);
}

function differs(
  first: string,
  place: string,
  name: string,
  before: string | undefined,
  now: string | undefined,
): DataError {
  const found = (type: string | undefined): string => type ?? 'none';
  return new DataError(
    `${place} has other columns than ${first}: ${name} is ${found(now)} here, and ${found(before)} there.`,
    {
      code: 'file_columns_differ',
      state: 'Nothing was read.',
      next: 'Load them as separate streams, or give them the same columns.',
    },
  );
}

const simpleTypes: Readonly<Partial<Record<DuckDBTypeId, DataType>>> = {
  [DuckDBTypeId.BOOLEAN]: { type: 'boolean' },
  [DuckDBTypeId.TINYINT]: { type: 'int16' },
  [DuckDBTypeId.UTINYINT]: { type: 'int16' },
  [DuckDBTypeId.SMALLINT]: { type: 'int16' },
  [DuckDBTypeId.USMALLINT]: { type: 'int32' },
  [DuckDBTypeId.INTEGER]: { type: 'int32' },
  [DuckDBTypeId.UINTEGER]: { type: 'int64' },
  [DuckDBTypeId.BIGINT]: { type: 'int64' },
  [DuckDBTypeId.UBIGINT]: { type: 'decimal', precision: 20, scale: 0 },
  [DuckDBTypeId.FLOAT]: { type: 'float32' },
  [DuckDBTypeId.DOUBLE]: { type: 'float64' },
  [DuckDBTypeId.DATE]: { type: 'date' },
  [DuckDBTypeId.TIME]: { type: 'time' },
  [DuckDBTypeId.TIME_TZ]: { type: 'timetz' },
  [DuckDBTypeId.TIMESTAMP]: { type: 'timestamp' },
  [DuckDBTypeId.TIMESTAMP_S]: { type: 'timestamp' },
  [DuckDBTypeId.TIMESTAMP_MS]: { type: 'timestamp' },
  [DuckDBTypeId.TIMESTAMP_NS]: { type: 'timestamp' },
  [DuckDBTypeId.TIMESTAMP_TZ]: { type: 'timestamptz' },
  [DuckDBTypeId.INTERVAL]: { type: 'interval' },
  [DuckDBTypeId.UUID]: { type: 'uuid' },
  [DuckDBTypeId.BLOB]: { type: 'bytes' },
  [DuckDBTypeId.VARCHAR]: { type: 'text' },
  [DuckDBTypeId.ENUM]: { type: 'text' },
  [DuckDBTypeId.STRUCT]: { type: 'json' },
  [DuckDBTypeId.MAP]: { type: 'json' },
};

/** Lists of simple values are arrays; anything more nested is JSON, and what is left over is text. */
export function parquetType(type: DuckDBType | undefined): DataType {
  if (type instanceof DuckDBDecimalType) return { type: 'decimal', precision: type.width, scale: type.scale };
  if (type instanceof DuckDBListType || type instanceof DuckDBArrayType) {
    const element = parquetType(type.valueType);
    return element.type === 'json' || element.type === 'array'
      ? { type: 'json' }
      : { type: 'array', element };
  }
  if (type?.alias === 'JSON') return { type: 'json' };
  return (type && simpleTypes[type.typeId]) ?? { type: 'text' };
}

export function typedValue(name: string, type: DataType, stored: DuckDBType | undefined): string {
  if (type.type === 'json' && stored?.alias !== 'JSON') return `to_json(${quote(name)})`;
  return `cast(${quote(name)} as ${duckdbDialect.typeName(type)})`;
}

/** Millrace keeps microseconds; what is finer would be cut off. */
async function checkNanoseconds(
  connection: DuckDBConnection,
  paths: readonly string[],
  from: string,
  names: readonly string[],
): Promise<void> {
  for (const name of names) {
    const found = await connection.runAndReadAll(
      `select 1 from ${from} where epoch_ns(${quote(name)}) % 1000 <> 0 limit 1`,
    );
    if (found.currentRowCount === 0) continue;
    throw new DataError(`${paths.join(', ')}: column ${name} holds times finer than a microsecond.`, {
      code: 'value_misfit',
      state: 'Nothing was published.',
      next: 'Write the files with microseconds.',
    });
  }
}
