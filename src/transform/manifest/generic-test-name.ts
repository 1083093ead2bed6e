import { createHash } from 'node:crypto';
import { isJsonRecord } from '../files/plain-value.ts';

/** Longest name that dbt writes out; longer ones are cut and hashed for aliases. */
const maxShortNameLength = 63;

/**
 * dbt's name for a generic test: test, subject, then the arguments' values by sorted argument name, such as
 * `accepted_values_orders_status__placed__shipped`.
 */
export function genericTestName(
  test: string,
  subject: string,
  given: Readonly<Record<string, unknown>>,
): { readonly full: string; readonly short: string } {
  const parts = Object.keys(given)
    .sort()
    .flatMap((name) => flatten(given[name]))
    .map((part) => pythonText(part).replaceAll(/[^0-9a-zA-Z_]+/g, '_'));
  const head = `${test}_${subject}`;
  const full = `${head}_${parts.join('__')}`;
  if (full.length <= maxShortNameLength) return { full, short: full };
  const hash = createHash('md5').update(full).digest('hex');
  return { full, short: `${head.slice(0, 30)}_${hash}` };
}

function flatten(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  if (isJsonRecord(value)) return Object.values(value);
  return [value];
}

function pythonText(value: unknown): string {
  if (value === true) return 'True';
  if (value === false) return 'False';
  if (value === null || value === undefined) return 'None';
  return typeof value === 'string' ? value : JSON.stringify(value);
}
