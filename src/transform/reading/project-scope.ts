import type { JsonObject } from '../../core/json.ts';
import type { MacroSet } from '../context/macro-set.ts';
import { yamlContext } from '../context/node-context.ts';
import type { ProjectScope } from '../context/render-scope.ts';
import { toJsonValue } from '../files/plain-value.ts';
import type { Quoting } from '../files/quoting.ts';
import { fromJs, type RenderContext, type Value } from '../jinja/index.ts';
import type { TransformOptions } from './transform-options.ts';

/** What YAML files of a project may use that is not read yet. */
export function yamlContextOf(
  given: Pick<TransformOptions, 'environment'> & { readonly vars?: Readonly<Record<string, unknown>> },
): RenderContext {
  const options = { projectFolder: '', folder: '', connection: '', database: '', schema: '' };
  return yamlContext(
    bareScope({
      ...options,
      ...given,
      vars: toJsonValue(given.vars ?? {}) as JsonObject,
      dialectName: 'duckdb',
    }),
  );
}

/** What `dbt_project.yml` itself may use: no macros, only variables that were given from outside. */
export function bareScope(options: TransformOptions): ProjectScope {
  return projectScope(options, 'project', options.vars ?? {}, {
    local: 'project',
    root: 'project',
    adapterType: options.dialectName,
    packages: new Map(),
    builtin: new Map(),
    searchOrders: new Map(),
  });
}

/** What templates of a package see. */
export function projectScope(
  options: TransformOptions,
  projectName: string,
  variables: Readonly<Record<string, unknown>>,
  macros: MacroSet,
  {
    quoting = {},
    packageVersions = {},
  }: { readonly quoting?: Quoting; readonly packageVersions?: Readonly<Record<string, string>> } = {},
): ProjectScope {
  return {
    projectName,
    dialectName: options.dialectName,
    databaseName: options.database,
    targetSchema: options.schema,
    quoting,
    target: {
      name: options.targetName ?? 'dev',
      type: options.dialectName,
      database: options.database,
      dbname: options.database,
      profile_name: options.profileName ?? projectName,
      threads: options.threads ?? 4,
      ...(fromJs(options.targetValues ?? {}) as Record<string, Value>),
      schema: options.schema,
    },
    variables,
    environment: options.environment,
    storesFailures: options.storesFailures ?? false,
    attachedDatabases: options.attachedDatabases ?? [],
    toleratesUndefined: options.toleratesUndefined ?? false,
    packageVersions,
    macros,
  };
}
