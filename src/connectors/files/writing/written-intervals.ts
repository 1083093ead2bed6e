import type { DuckDBConnection } from '@duckdb/node-api';
import type { StageRequest } from '../../../connector/connection.ts';
import { DataError } from '../../../core/errors.ts';
import { quote } from '../engine/engine.ts';
import type { WriteOptions } from './write-options.ts';

/** Parquet counts months, days and milliseconds of an interval in 32 bits each, from zero up. */
const mostHours = Math.floor((2 ** 32 - 1) / 3_600_000);

/**
 * DuckDB writes what does not fit as another interval, or as no sound file.
 * @throws DataError for the first column that Parquet cannot hold
 */
export async function checkIntervals(
  connection: DuckDBConnection,
  table: string,
  { schema }: StageRequest,
  { fileType }: WriteOptions,
): Promise<void> {
  if (fileType !== 'parquet') return;
  for (const [index, { name, type }] of schema.columns.entries()) {
    if (type.type !== 'interval') continue;
    const part = (unit: string): string => `date_part('${unit}', ${quote('value')})`;
    const isNegative = ['year', 'month', 'day', 'hour', 'microsecond']
      .map((unit) => `${part(unit)} < 0`)
      .join(' or ');
    const found = await connection.runAndReadAll(
      `select value::varchar from (select #${index + 1} as value from ${table})
       where ${isNegative} or ${part('hour')} >= ${mostHours} or ${part('microsecond')} % 1000 <> 0 limit 1`,
    );
    const value = found.getRows()[0]?.[0];
    if (value === undefined) continue;
    throw new DataError(
      `The interval ${String(value)} in column ${name} cannot be written into Parquet, which keeps intervals from zero up, to the millisecond, of less than ${mostHours} hours beside days and months.`,
      {
        code: 'value_unwritable',
        state: 'The file is as it was.',
        next: `Cast ${name} to text in sql:, or write CSV or JSON.`,
      },
    );
  }
}
