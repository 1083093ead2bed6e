import { ConfigError } from '../../core/errors.ts';
import { didYouMean } from '../files/suggestion.ts';
import {
  type CallArguments,
  fromJs,
  printed,
  type TemplateFunction,
  type TemplateObject,
  type Value,
} from '../jinja/index.ts';

/** `var(name, default)` and `var.has_var(name)`. */
export function createVariables(values: Readonly<Record<string, unknown>>): TemplateObject {
  return new Variables(values);
}

class Variables implements TemplateObject {
  readonly #values: Readonly<Record<string, unknown>>;

  constructor(values: Readonly<Record<string, unknown>>) {
    this.#values = values;
  }

  jinjaCall(args: CallArguments): Value {
    const { name, default: fallback } = args.bind('var', ['name', 'default?']);
    const key = printed(name ?? null);
    if (Object.hasOwn(this.#values, key)) return fromJs(this.#values[key]);
    if (fallback !== undefined) return fallback;
    throw new ConfigError(`the variable "${key}" has no value${didYouMean(key, Object.keys(this.#values))}`, {
      code: 'variable_missing',
      next: `Add "${key}" under vars: in dbt_project.yml, or give var() a default.`,
    });
  }

  jinjaAttribute(name: string): Value | undefined {
    if (name !== 'has_var') return undefined;
    return (args: CallArguments) => Object.hasOwn(this.#values, printed(args.get(0, 'var_name') ?? null));
  }
}

/** Variables of a project: those of its own name in `vars:` win over global ones, the caller's over both. */
export function projectVariables(
  projectName: string,
  configured: Readonly<Record<string, unknown>>,
  given: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  const own = configured[projectName];
  const scoped = typeof own === 'object' && own !== null && !Array.isArray(own) ? own : {};
  return { ...configured, ...scoped, ...given };
}

/** dbt's prefix of variables that hold secrets. */
const secretPrefix = 'DBT_ENV_SECRET_';

/** `env_var(name, default)`. Refuses dbt's secrets: compiled SQL is logged and kept. */
export function environmentFunction(
  environment: Readonly<Record<string, string | undefined>>,
): TemplateFunction {
  return (args) => {
    const { name, default: fallback } = args.bind('env_var', ['name', 'default?']);
    const key = printed(name ?? null);
    if (key.startsWith(secretPrefix)) {
      throw new ConfigError(`"${key}" is a secret and may not be used in a template`, {
        code: 'secret_refused',
        next: 'Put secrets into connections.yaml.',
      });
    }
    const value = environment[key] ?? fallback;
    if (value !== undefined) return value;
    throw new ConfigError(`the environment variable "${key}" is not set`, {
      code: 'environment_missing',
      next: `Set ${key}, or give env_var() a default.`,
    });
  };
}
