import { ConfigError } from '../../../core/errors.ts';
import type { JsonValue } from '../../../core/json.ts';
import { type DbtFlags, readMap } from './dbt-options.ts';

/** dbt's names for the warnings that commands give. */
export type WarningName = 'LogTestResult' | 'NoNodesForSelectionCriteria';

/** Whether `--warn-error` or `--warn-error-options` makes an error of a warning. */
export function isWarningError(
  { warnError, warnErrorOptions }: Pick<DbtFlags, 'warnError' | 'warnErrorOptions'>,
  name: WarningName,
): boolean {
  if (warnError === true) return true;
  const options = readMap(warnErrorOptions, '--warn-error-options');
  const unknown = Object.keys(options).find((key) => !known.has(key));
  if (unknown !== undefined) {
    throw new ConfigError(`--warn-error-options has ${[...known].join(', ')}, not "${unknown}"`, {
      code: 'flag_invalid',
    });
  }
  const named = (...keys: readonly string[]): boolean =>
    keys.some((key) => namesOf(options[key], key).some((said) => isName(said, name)));
  return named('include', 'error') && !named('exclude', 'warn', 'silence');
}

const known: ReadonlySet<string> = new Set(['include', 'exclude', 'error', 'warn', 'silence']);

function isName(said: string, name: WarningName): boolean {
  return said === 'all' || said === '*' || said === name;
}

function namesOf(value: JsonValue | undefined, key: string): readonly string[] {
  if (value === undefined || value === null) return [];
  if (typeof value === 'string') return [value];
  if (Array.isArray(value)) return (value as readonly JsonValue[]).map(String);
  throw new ConfigError(`"${key}" of --warn-error-options is "all" or a list of names`, {
    code: 'flag_invalid',
  });
}
