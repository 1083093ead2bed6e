import { createHash } from 'node:crypto';
import { isJsonRecord } from '../files/plain-value.ts';
import { fromJs, printed } from '../jinja/index.ts';

/**
 * dbt's name for a generic test: test, subject, then the arguments' values by sorted argument name, such as
 * `accepted_values_orders_status__placed__shipped`.
 */
export function genericTestName(
  test: string,
  subject: string,
  given: Readonly<Record<string, unknown>>,
): string {
  const parts = Object.keys(given)
    .sort()
    .flatMap((name) => flatten(given[name]))
    .map((part) => printed(fromJs(part)).replaceAll(/[^0-9a-zA-Z_]+/g, '_'));
  return `${test}_${subject}_${parts.join('__')}`;
}

/** The longest name that dbt gives to a table for the failures of a generic test. */
const maxShortNameLength = 63;

/** dbt's name for a file or table of a test: a name that is too long is cut to test and subject, and ends in a hash of itself. */
export function shortTestName(name: string, identifier: string = name): string {
  if (name.length <= maxShortNameLength) return name;
  const hash = createHash('md5').update(name).digest('hex');
  return `${identifier.slice(0, 30)}_${hash}`;
}

function flatten(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  if (isJsonRecord(value)) return Object.values(value);
  return [value];
}
