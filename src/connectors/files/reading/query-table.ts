import type { DuckDBConnection } from '@duckdb/node-api';
import { ConfigError, MillraceError } from '../../../core/errors.ts';
import { quote } from '../engine/engine.ts';
import { type FileTable, pathsOf, type TypedColumn } from '../table/file-table.ts';
import { parquetType, typedValue } from '../parquet/parquet-table.ts';

const scanner = /\{stream[_.]scanner\}/g;

/**
 * What a query makes of files; in it `{stream_scanner}` stands for their rows, in their types.
 * @throws ConfigError for a query that does not read the files or that DuckDB does not understand
 */
export async function queryTable(
  connection: DuckDBConnection,
  table: FileTable,
  stream: string,
  sql: string,
): Promise<FileTable> {
  if (sql.search(scanner) < 0) {
    throw new ConfigError(`${stream}: the query does not read the files.`, {
      code: 'query_invalid',
      next: 'Write {stream_scanner} for them: select id, max(at) as at from {stream_scanner} group by id',
    });
  }
  const typed = table.columns.map(({ expression, name }) => `${expression} as ${quote(name)}`).join(', ');
  const fromOf = (paths: readonly string[]): string => {
    const rows = `(select ${typed} from ${table.fromOf(paths)})`;
    return `(${sql.replaceAll(scanner, () => rows)}) as asked`;
  };
  const columns = await columnsOf(connection, fromOf(pathsOf(table.files)), stream);
  const { recheck } = table;
  return {
    fileType: table.fileType,
    files: table.files,
    columns,
    fromOf,
    plain: { reason: 'a query makes other rows of the files' },
    ...(recheck
      ? {
          recheck: async (again, signal) => {
            const sure = await recheck(again, signal);
            return sure && (await queryTable(again, sure, stream, sql));
          },
        }
      : {}),
  };
}

async function columnsOf(
  connection: DuckDBConnection,
  from: string,
  stream: string,
): Promise<readonly TypedColumn[]> {
  try {
    const shape = await connection.runAndReadAll(`select * from ${from} limit 0`);
    const types = shape.columnTypes();
    return shape.columnNames().map((name, index): TypedColumn => {
      const isJson = types[index]?.alias === 'JSON';
      const type = isJson ? ({ type: 'json' } as const) : parquetType(types[index]);
      return { name, type, nullable: true, expression: typedValue(name, type, types[index]) };
    });
  } catch (error) {
    if (error instanceof MillraceError || !(error instanceof Error)) throw error;
    throw new ConfigError(
      `${stream}: DuckDB does not understand the query: ${error.message.split('\n')[0]}`,
      {
        code: 'query_invalid',
        next: 'Correct sql:, which is in the words of DuckDB for files.',
        cause: error,
      },
    );
  }
}
