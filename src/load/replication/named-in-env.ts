import { expandEnvironment, type Environment } from '../../config/environment.ts';
import { ConfigError } from '../../core/errors.ts';
import { nearest } from '../../core/near-name.ts';
import type { Origin } from '../../core/origin.ts';
import { loadModes } from './stream-mode.ts';

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
function namedInEnv(text: string, environment: Environment): string {
  return text.replaceAll(variable, (whole, name: string) => environment[name] ?? whole);
}

/**
 * A mode that may be named by a variable.
 * @throws ConfigError when there is no such mode
 */
export function modeInEnv(written: string, environment: Environment, origin: Origin): string {
  const mode = namedInEnv(written, environment);
  if (mode === written || mode === '' || loadModes.some((known) => known === mode)) return mode;
  const near = nearest(mode, loadModes);
  throw new ConfigError(
    `mode: ${written} is '${mode}', which is no mode${near ? `, did you mean '${near}'?` : ''}`,
    {
      code: 'invalid_value',
      origin,
      next: `Modes: ${loadModes.join(', ')}`,
    },
  );
}
