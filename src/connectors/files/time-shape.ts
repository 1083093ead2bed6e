import type { DuckDBConnection } from '@duckdb/node-api';
import type { DataType } from '../../sql/data-type.ts';
import { quote } from './engine.ts';

const timeTypes: readonly DataType['type'][] = ['date', 'time', 'timestamp', 'timestamptz'];
const sampleRows = 1000;
/** A SELECT of very many aggregates takes long to plan. */
const mostColumnsAsked = 64;

export function isTimeType(type: DataType | undefined): boolean {
  return type !== undefined && timeTypes.includes(type.type);
}

/** The longest text of each column in the first rows: of times it is the most usual one, whose fraction does not end in 0. */
export async function longestTexts(
  connection: DuckDBConnection,
  from: string,
  columns: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const asked = columns.slice(0, mostColumnsAsked);
  if (asked.length === 0) return new Map();
  const terms = asked.map((name) => `arg_max(${quote(name)}, strlen(${quote(name)}))`);
  const found = await connection.runAndReadAll(
    `select ${terms.join(', ')} from (select * from ${from} limit ${sampleRows})`,
  );
  const texts = found.getRows()[0] ?? [];
  return new Map(
    asked.flatMap((name, index) => {
      const text = texts[index];
      return typeof text === 'string' ? [[name, text] as const] : [];
    }),
  );
}

/**
 * The texts that have other digits than `sample`, for DuckDB's `glob`, which takes half the time of the regular
 * expression `pattern` of a time. Undefined when not all of them are written as the pattern says.
 */
export function timeShape(sample: string | undefined, pattern: string): string | undefined {
  if (sample === undefined || !new RegExp(`^(${pattern})$`).test(sample)) return undefined;
  const hasZerosBehindMicroseconds = /[.][0-9]{7}/.test(sample);
  return hasZerosBehindMicroseconds ? undefined : sample.replaceAll(/[0-9]/g, '[0-9]');
}
