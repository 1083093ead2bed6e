import { ConfigError } from '../../core/errors.ts';
import { isJsonRecord } from '../files/plain-value.ts';
import { didYouMean } from '../files/suggestion.ts';
import {
  type Awaitable,
  type CallArguments,
  fromJs,
  printed,
  type TemplateFunction,
  type TemplateObject,
  type Value,
} from '../jinja/index.ts';

/** `var(name, default)` and `var.has_var(name)`. A variable without a value is an error, or None where that is wanted. */
export function createVariables(
  values: Readonly<Record<string, unknown>>,
  isMissingNone: boolean = false,
): TemplateObject {
  return new Variables(values, isMissingNone);
}

class Variables implements TemplateObject {
  readonly #values: Readonly<Record<string, unknown>>;

  readonly #isMissingNone: boolean;

  constructor(values: Readonly<Record<string, unknown>>, isMissingNone: boolean) {
    this.#values = values;
    this.#isMissingNone = isMissingNone;
  }

  jinjaCall(args: CallArguments): Awaitable<Value> {
    const { name, default: fallback } = args.bind('var', ['name', 'default?']);
    const key = printed(name ?? null);
    if (Object.hasOwn(this.#values, key)) return rendered(fromJs(this.#values[key]), args);
    if (fallback !== undefined) return fallback;
    if (this.#isMissingNone) return null;
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

/** A text that is a template is rendered where it is used. While YAML is read there is nothing to do that with. */
function rendered(value: Value, args: CallArguments): Awaitable<Value> {
  const render = typeof value === 'string' && /\{[{%]/.test(value) ? args.site.lookup('render') : undefined;
  return render === undefined ? value : args.site.call(render, args.with([value]));
}

/**
 * Variables as the templates of a package see them. The nearest wins: what was given from outside, the using project's for
 * this package, its global ones, the package's own for itself, its global ones.
 */
export function packageVariables(
  root: VariableOwner,
  owner: VariableOwner,
  given: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  const own = root.name === owner.name ? {} : { ...owner.vars, ...scopedTo(owner, owner.name) };
  return { ...own, ...root.vars, ...scopedTo(root, owner.name), ...given };
}

interface VariableOwner {
  readonly name: string;
  readonly vars: Readonly<Record<string, unknown>>;
}

function scopedTo(owner: VariableOwner, packageName: string): Readonly<Record<string, unknown>> {
  const scoped = owner.vars[packageName];
  return isJsonRecord(scoped) ? scoped : {};
}

/** dbt's prefix of variables that hold secrets. */
const secretPrefix = 'DBT_ENV_SECRET_';

/** `env_var(name, default)`. Refuses dbt's secrets: compiled SQL is logged and kept. */
export function environmentFunction(
  environment: Readonly<Record<string, string | undefined>>,
  areSecretsAllowed = false,
): TemplateFunction {
  return (args) => {
    const { name, default: fallback } = args.bind('env_var', ['name', 'default?']);
    const key = printed(name ?? null);
    if (key.startsWith(secretPrefix) && !areSecretsAllowed) {
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
