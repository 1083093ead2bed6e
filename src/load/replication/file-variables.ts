import { expandEnvironment, type Environment } from '../../config/environment.ts';
import type { Origin } from '../../core/origin.ts';
import type { TellWarning } from './reading-warning.ts';

const reference = /\$\{([A-Za-z_]\w*)\}/g;

/**
 * The `env:` of a file, with what the environment says in its values. A variable of the environment that is not set is
 * empty, as in Sling: files ask for it by `if: env.RESET == "true"`.
 */
export function readVariables(
  written: Readonly<Record<string, string | number | boolean>>,
  environment: Environment,
  originOf: (key: string) => Origin,
  warn: TellWarning,
): Record<string, string> {
  const variables: Record<string, string> = {};
  for (const [key, value] of Object.entries(written)) {
    const known = { ...environment, ...variables };
    const missing = [...String(value).matchAll(reference)].flatMap(([, name = '']) =>
      known[name] === undefined ? [name] : [],
    );
    for (const name of missing) {
      const message = `the environment variable ${name} is not set: it is empty in env.${key}`;
      warn({ message, origin: originOf(key) });
    }
    const empty = Object.fromEntries(missing.map((name) => [name, '']));
    variables[key] = expandEnvironment(String(value), { ...known, ...empty }, originOf(key));
  }
  return variables;
}
