import { expandEnvironment, type Environment } from '../../config/environment.ts';
import { ConfigError } from '../../core/errors.ts';
import type { Origin } from '../../core/origin.ts';

const variable = /\{(?:env\.)?([A-Za-z_]\w*)\}/g;

/**
 * The connection of `source:` and `target:`, which may be named by a variable.
 * @throws ConfigError code `environment_missing` when that is empty, or not set
 */
export function connectionNamed(written: string, environment: Environment, origin: Origin): string {
  const name = namedInEnv(expandEnvironment(written, environment, origin), environment);
  if (name.trim() !== '') return name;
  throw new ConfigError(`'${written}' names no connection, because the variable is empty`, {
    code: 'environment_missing',
    origin,
    next: 'Set it in the environment, or under env: in the file',
  });
}

/** `'{NAME}'` and `'{env.NAME}'` with what the file's `env:` or the environment says; other braces stay. */
export function namedInEnv(text: string, environment: Environment): string {
  return text.replaceAll(variable, (whole, name: string) => environment[name] ?? whole);
}
