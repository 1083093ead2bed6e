import { ConfigError } from '../core/errors.ts';
import type { Origin } from '../core/origin.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

const reference = /\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-((?:[^}\\]|\\.)*))?\}|\$([A-Z_][A-Z0-9_]*)\b/g;

/**
 * Replaces `${NAME}`, `${NAME:-default}` and `$NAME` (capitals only) by the environment's values.
 * @throws ConfigError code `environment_missing` when a name is not set and has no default
 */
export function expandEnvironment(text: string, environment: Environment, origin: Origin): string {
  return text.replace(
    reference,
    (_, braced: string | undefined, fallback: string | undefined, bare: string | undefined) => {
      const name = braced ?? bare ?? '';
      const value = environment[name];
      if (value !== undefined && (value !== '' || fallback === undefined)) return value;
      if (fallback !== undefined) return fallback;
      if (bare !== undefined) return `$${bare}`;
      throw new ConfigError(`the environment variable ${name} is not set`, {
        code: 'environment_missing',
        origin,
        next: `Set it (export ${name}=...), or give a default: \${${name}:-value}`,
      });
    },
  );
}
