import type { DuckDBConnection } from '@duckdb/node-api';
import { DataError } from '../../../core/errors.ts';
import type { DataType } from '../../../sql/data-type.ts';
import { duckdbDialect } from '../../../sql/dialects/index.ts';
import { type CsvFiles, headerLines, readCsvSql } from './csv-reading.ts';
import { literal, quote } from '../engine/engine.ts';
import type { FileTable, TypedColumn } from '../table/file-table.ts';
import { textTyping } from '../typing/text-typing.ts';

/** Rows that do not fit the declared types, each with its place and the first reason. */
export function misfitTable(csv: CsvFiles): FileTable {
  const { files, layout, options, declared } = csv;
  const names = layout.columns.map((name) => literal(name)).join(', ');
  const values = layout.columns.map((name) => quote(name)).join(', ');
  const types = declared.map((type) => literal(type ? duckdbDialect.typeName(type) : 'varchar')).join(', ');
  const fields = layout.columns.map((name) => `${literal(name)}, ${quote(name)}`).join(', ');
  const misfit = misfitNumber(misfitCases(csv));
  const parts = files.map(
    ({ path, place }) => `select ${literal(place)} as file, record + ${headerLines(options)} as line,
  [${names}][misfit] as "column", [${values}][misfit] as value,
  'does not fit ' || [${types}][misfit] as reason, cast(json_object(${fields}) as varchar) as row
from (select *, row_number() over () as record, ${misfit} as misfit from ${readCsvSql([path], csv)})
where misfit > 0`,
  );
  const columns = ['file', 'line', 'column', 'value', 'reason', 'row'].map((name): TypedColumn => {
    const type: DataType = name === 'line' ? { type: 'int64' } : { type: 'text' };
    return { name, type, nullable: true, expression: quote(name) };
  });
  return { fileType: 'csv', files, columns, fromOf: () => `(${parts.join(' union all ')})` };
}

/** SQL of the rows that fit the declared types. */
export function fittingSql(paths: readonly string[], csv: CsvFiles): string {
  const all = readCsvSql(paths, csv);
  const misfits = misfitCases(csv);
  return misfits.length === 0 ? all : `(select * from ${all} where ${misfitNumber(misfits)} = 0)`;
}

/**
 * Looks for the first value that does not fit its declared type.
 * @param suspects numbers of the columns to look at
 * @throws DataError code `value_misfit` with its place
 */
export async function refuseMisfit(
  connection: DuckDBConnection,
  csv: CsvFiles,
  suspects: ReadonlySet<number>,
): Promise<void> {
  const { files, layout, options, declared } = csv;
  const misfits = misfitCases({
    ...csv,
    declared: declared.map((type, index) => (suspects.has(index) ? type : undefined)),
  });
  for (const { path, place } of files) {
    const found = await connection.runAndReadAll(
      `select record, misfit from (
         select row_number() over () as record, ${misfitNumber(misfits)} as misfit
         from ${readCsvSql([path], csv)})
       where misfit > 0 limit 1`,
    );
    const [record, misfit] = found.getRows()[0] ?? [];
    if (misfit === undefined) continue;
    const column = Number(misfit) - 1;
    const line = Number(record) + headerLines(options);
    const typeName = duckdbDialect.typeName(declared[column] ?? { type: 'text' });
    throw new DataError(
      `${place}, line ${line}: the value of column ${layout.columns[column]} does not fit ${typeName}.`,
      {
        code: 'value_misfit',
        state: 'Nothing was published. Lines are counted as records: a value with line breaks counts as one.',
        next: 'Correct the row, or declare another type under columns:.',
      },
    );
  }
}

/** One `when` per declared column; its `then` is the column's number from 1 on. */
function misfitCases({ layout, options, declared }: CsvFiles): readonly string[] {
  const typing = textTyping(options);
  return layout.columns.flatMap((name, index) => {
    const type = declared[index];
    if (!type) return [];
    const fits = typing.fits(quote(name), type, name);
    return fits === 'true' ? [] : [`when ${quote(name)} is not null and not ${fits} then ${index + 1}`];
  });
}

function misfitNumber(cases: readonly string[]): string {
  return cases.length === 0 ? '0' : `(case ${cases.join(' ')} else 0 end)`;
}
