import type { Environment } from '../../config/environment.ts';
import { ConfigError } from '../../core/errors.ts';
import { nearest } from '../../core/near-name.ts';
import type { Origin } from '../../core/origin.ts';
import { loadModes } from './stream-mode.ts';

const variable = /\{(?:env\.)?([A-Za-z_]\w*)\}/g;

/** `source: '{NAME}'` and `'{env.NAME}'` with what the file's `env:` or the environment says; other braces stay. */
export function namedInEnv(text: string, environment: Environment): string {
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
