import { parse } from 'yaml';
import type { Environment } from '../../config/environment.ts';
import { ConfigError } from '../../core/errors.ts';
import type { Origin } from '../../core/origin.ts';
import { type ConnectionDeclaration, declare, unusable } from './connections-file.ts';

/** Settings of dbt itself, which a connection has nothing to do with. */
const dbtSettings: ReadonlySet<string> = new Set([
  'threads',
  'keepalives_idle',
  'retries',
  'search_path',
  'extensions',
  'settings',
  'use_credential_provider',
  'disable_transactions',
]);

/**
 * The outputs of a `profiles.yml` as connections named `profile/output`. Those that cannot be used are kept
 * with their problem.
 * @param file as messages should show it
 */
export function dbtConnections(
  text: string,
  file: string,
  environment: Environment,
): readonly ConnectionDeclaration[] {
  const origin = { file };
  let profiles: Readonly<Record<string, unknown>>;
  try {
    profiles = mapOf(parse(text, { logLevel: 'error' }));
  } catch {
    const problem = new ConfigError('the profiles are no YAML', { code: 'profile_unreadable', origin });
    return [unusable(file, {}, origin, problem)];
  }
  return Object.entries(profiles).flatMap(([profile, body]) =>
    Object.entries(mapOf(mapOf(body)['outputs'])).map(([output, settings]) =>
      outputConnection(`${profile}/${output}`, mapOf(settings), environment, origin),
    ),
  );
}

function outputConnection(
  name: string,
  output: Readonly<Record<string, unknown>>,
  environment: Environment,
  origin: Origin,
): ConnectionDeclaration {
  try {
    const { pass, ...settings } = output;
    const kept = Object.entries({ ...settings, ...(pass === undefined ? {} : { password: pass }) })
      .filter(([key]) => !dbtSettings.has(key))
      .map(([key, value]) => [key, rendered(value, environment, origin)] as const);
    return { ...declare(name, Object.fromEntries(kept), {}, origin), shared: true };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return unusable(name, output, origin, error);
  }
}

/** dbt's `{{ env_var('NAME', 'default') }}`; other Jinja is rarely in profiles. */
function rendered(value: unknown, environment: Environment, origin: Origin): unknown {
  if (typeof value !== 'string' || !value.includes('{{')) return value;
  const text = value.replaceAll(
    /\{\{-?\s*env_var\(\s*(['"])(.*?)\1\s*(?:,\s*(['"])(.*?)\3\s*)?\)(?:\s*\|\s*(?:as_number|int|as_native|string))?\s*-?\}\}/g,
    (_, _quote: string, variable: string, _other: string | undefined, fallback: string | undefined) => {
      const found = environment[variable] ?? fallback;
      if (found !== undefined) return found;
      throw new ConfigError(`the environment variable ${variable} is not set`, {
        code: 'environment_missing',
        origin,
        next: `Set it: export ${variable}=...`,
      });
    },
  );
  if (!text.includes('{{')) return text;
  throw new ConfigError('a profile holds Jinja other than env_var()', {
    code: 'profile_unreadable',
    origin,
    next: 'Use env_var(), or declare the connection in connections.yaml',
  });
}

function mapOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : {};
}
