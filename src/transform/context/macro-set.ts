import { ConfigError } from '../../core/errors.ts';
import type { Origin } from '../../core/origin.ts';
import { didYouMean } from '../files/suggestion.ts';
import { printed, type TemplateFunction, type TemplateObject, type Value } from '../jinja/index.ts';

/** A macro of the project or of a package. */
export interface ProjectMacro {
  /** A callable template value. */
  readonly value: Value;
  /** Text of the macro, for fingerprints. */
  readonly text: string;
  readonly origin: Origin;
}

/** Macros by name. */
export type Macros = ReadonlyMap<string, ProjectMacro>;

/** All macros as the templates of one package see them. */
export interface MacroSet {
  /** Name of the package whose templates these are. */
  readonly local: string;
  /** Name of the project itself. */
  readonly root: string;
  /** dbt's adapter type. */
  readonly adapterType: string;
  /** The project's own macros and those of its packages, by package. */
  readonly packages: ReadonlyMap<string, Macros>;
  /** dbt's own, without an adapter's prefix. */
  readonly builtin: ReadonlyMap<string, Value>;
  /** `dispatch:` of `dbt_project.yml`: the packages to search, by macro namespace. */
  readonly searchOrders: ReadonlyMap<string, readonly string[]>;
}

const builtinPackage = 'dbt';

/** A macro by its bare name: the package's own, the project's, dbt's. */
export function findMacro(macros: MacroSet, name: string): Value | undefined {
  return ownMacro(macros, name)?.value ?? builtinMacro(macros, name);
}

/** A macro by its bare name, dbt's own aside. */
export function ownMacro(macros: MacroSet, name: string): ProjectMacro | undefined {
  return macros.packages.get(macros.local)?.get(name) ?? macros.packages.get(macros.root)?.get(name);
}

/** The project's own variant of one of dbt's macros: `name`, `duckdb__name` or `default__name`. */
export function overridingMacro(macros: MacroSet, name: string): Value | undefined {
  const names = [name, ...candidates(macros, name)];
  const found = names.map((candidate) => ownMacro(macros, candidate));
  return found.find((macro) => macro !== undefined)?.value;
}

/** What Millrace builds itself; only the project, not a package of it, may replace these. */
const ownMaterializations = new Set([
  'view',
  'table',
  'incremental',
  'ephemeral',
  'seed',
  'snapshot',
  'test',
]);

/** The macro of a `{% materialization %}` for this database, else for all, by its name. */
export function customMaterialization(macros: MacroSet, name: string): Value | undefined {
  const names = [`materialization_${name}_${macros.adapterType}`, `materialization_${name}_default`];
  const root = macros.packages.get(macros.root);
  const packages = ownMaterializations.has(name) ? [root] : [root, ...macros.packages.values()];
  for (const found of packages) {
    const macro = names
      .map((candidate) => found?.get(candidate))
      .find((candidate) => candidate !== undefined);
    if (macro) return macro.value;
  }
  return undefined;
}

/** Macros of dbt that Millrace gives to templates as functions. */
export const contextMacros: readonly string[] = [
  'is_incremental',
  'should_full_refresh',
  'run_query',
  'statement',
  'noop_statement',
  'load_relation',
  'before_begin',
  'after_commit',
  'in_transaction',
  'get_where_subquery',
];

/** Names under which templates find dbt's own macros. */
export function builtinPackages(macros: MacroSet): readonly string[] {
  return [builtinPackage, `dbt_${macros.adapterType}`];
}

/** dbt's id of the macro that `name`, or `packageName.name`, means: `macro.dbt_utils.star`. */
export function macroIdOf(
  macros: MacroSet,
  packageName: string | undefined,
  name: string,
): string | undefined {
  const own = packageName === undefined ? [macros.local, macros.root] : [packageName];
  const found = own.find((candidate) => macros.packages.get(candidate)?.has(name));
  if (found !== undefined) return `macro.${found}.${name}`;
  const isBuiltin = packageName === undefined || builtinPackages(macros).includes(packageName);
  return isBuiltin && (macros.builtin.has(name) || contextMacros.includes(name))
    ? `macro.${builtinPackage}.${name}`
    : undefined;
}

/** Names that `findMacro` finds. */
export function* macroNames(macros: MacroSet): Iterable<string> {
  yield* macros.packages.get(macros.local)?.keys() ?? [];
  yield* macros.packages.get(macros.root)?.keys() ?? [];
  yield* macros.builtin.keys();
}

/** What stands behind a package's name: `dbt_utils.star()`, `dbt.type_string()`; `given` has dbt's macros of the moment. */
export function macroNamespace(
  macros: MacroSet,
  name: string,
  given: (macro: string) => Value | undefined = () => undefined,
): TemplateObject | undefined {
  const isBuiltin = builtinPackages(macros).includes(name);
  if (!isBuiltin && !macros.packages.has(name)) return undefined;
  return new PackageMacros(
    (macro) =>
      macroOfPackage(macros, isBuiltin ? builtinPackage : name, macro) ??
      (isBuiltin && contextMacros.includes(macro) ? given(macro) : undefined),
  );
}

/**
 * `adapter.dispatch(name, namespace)`: the macro for this database, else the default one, from the first package of the
 * namespace's search order that has one. Throws `macro_missing`.
 */
export function dispatchFunction(macros: MacroSet): TemplateFunction {
  return (args) => {
    const { macro_name: given, macro_namespace: namespace } = args.bind('dispatch', [
      'macro_name',
      'macro_namespace?',
      'packages?',
    ]);
    const name = printed(given ?? null);
    const wanted = namespace === undefined || namespace === null ? undefined : printed(namespace);
    const found = dispatched(macros, name, wanted);
    if (found !== undefined) return found;
    const tried = candidates(macros, name).join(', ');
    const [first = macros.root] = wanted === undefined ? [macros.root] : searchOrder(macros, wanted);
    throw new ConfigError(
      `no macro for adapter.dispatch("${name}"${wanted === undefined ? '' : `, "${wanted}"`}): tried ${tried}${didYouMean(name, macroNames(macros))}`,
      { code: 'macro_missing', next: `Define one of these in the macros of ${first}.` },
    );
  };
}

function dispatched(macros: MacroSet, name: string, namespace: string | undefined): Value | undefined {
  const isUnknown =
    namespace !== undefined &&
    !macros.searchOrders.has(namespace) &&
    !macros.packages.has(namespace) &&
    !builtinPackages(macros).includes(namespace);
  if (namespace === undefined || isUnknown) {
    const bare = candidates(macros, name).map((candidate) => findMacro(macros, candidate));
    return bare.find((macro) => macro !== undefined) ?? macros.builtin.get(name);
  }
  for (const packageName of searchOrder(macros, namespace)) {
    const found = adapterMacro(macros, packageName, name);
    if (found !== undefined) return found;
  }
  return undefined;
}

function searchOrder(macros: MacroSet, namespace: string): readonly string[] {
  return macros.searchOrders.get(namespace) ?? [macros.root, namespace];
}

function candidates(macros: MacroSet, name: string): readonly string[] {
  return [`${macros.adapterType}__${name}`, `default__${name}`];
}

function adapterMacro(macros: MacroSet, packageName: string, name: string): Value | undefined {
  if (packageName === builtinPackage) return macros.builtin.get(name);
  const own = macros.packages.get(packageName);
  const found = candidates(macros, name).find((candidate) => own?.has(candidate));
  return found === undefined ? undefined : own?.get(found)?.value;
}

function macroOfPackage(macros: MacroSet, packageName: string, name: string): Value | undefined {
  return packageName === builtinPackage
    ? builtinMacro(macros, name)
    : macros.packages.get(packageName)?.get(name)?.value;
}

/** One of dbt's own, unless the project (or who `dispatch:` names for `dbt`) has a variant of it. */
function builtinMacro(macros: MacroSet, name: string): Value | undefined {
  const bare = name.replace(/^default__/, '').replace(`${macros.adapterType}__`, '');
  const builtin = macros.builtin.get(bare);
  if (builtin === undefined || bare !== name) return builtin;
  const found = dispatched(macros, name, builtinPackage);
  const parameters = nameRuleParameters.get(name);
  return found === undefined || found === builtin || !parameters
    ? found
    : withDefaults(found, name, parameters);
}

/** Parameters of dbt's rules for names, which are None where a call leaves them out. */
const nameRuleParameters: ReadonlyMap<string, readonly string[]> = new Map([
  ['generate_schema_name', ['custom_schema_name', 'node']],
  ['generate_alias_name', ['custom_alias_name', 'node']],
  ['generate_database_name', ['custom_database_name', 'node']],
]);

/** A project's variant of one of dbt's macros, called as dbt's calls it: by position, with defaults. */
function withDefaults(variant: Value, name: string, parameters: readonly string[]): TemplateFunction {
  return (args) => {
    const given = args.bind(
      name,
      parameters.map((parameter) => `${parameter}?`),
    );
    return args.site.call(variant, args.with(parameters.map((parameter) => given[parameter] ?? null)));
  };
}

/** Its name is known to `reading-pass.ts`, which tells a macro that is missing. */
class PackageMacros implements TemplateObject {
  readonly #find: (name: string) => Value | undefined;

  constructor(find: (name: string) => Value | undefined) {
    this.#find = find;
  }

  jinjaAttribute(name: string): Value | undefined {
    return this.#find(name) ?? (name === 'get' ? this.#get : undefined);
  }

  jinjaContains(name: Value): boolean {
    return typeof name === 'string' && this.#find(name) !== undefined;
  }

  /** dbt's namespaces are dictionaries. */
  readonly #get: TemplateFunction = (args) => {
    const { key = null, default: fallback = null } = args.bind('get', ['key', 'default?']);
    return (typeof key === 'string' ? this.#find(key) : undefined) ?? fallback;
  };
}
