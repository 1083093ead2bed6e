import type { DataType } from '../../../sql/data-type.ts';

const timeTypes: readonly DataType['type'][] = ['date', 'time', 'timestamp', 'timestamptz'];

export function isTimeType(type: DataType | undefined): boolean {
  return type !== undefined && timeTypes.includes(type.type);
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
