import { join, resolve } from 'node:path';
import type { Environment } from '../../config/environment.ts';
import { ConfigError } from '../../core/errors.ts';
import type { JsonObject } from '../../core/json.ts';
import type { DbtSettings, MadeProfile } from '../../transform/index.ts';
import { configFileName } from '../settings/config-file.ts';
import type { ConnectionPool } from '../connections/connection-pool.ts';
import type { ConnectionDeclaration } from '../connections/connections-file.ts';
import { type Project, stateFolderName } from './project.ts';
import type { TransformDefinition } from '../settings/transform-definition.ts';

/** How dbt is called for a Millrace project; undefined where Millrace builds the models itself. */
export function dbtSettings(
  folder: string,
  definition: TransformDefinition,
  environment: Environment,
  overrides: { readonly executor?: 'millrace' | 'dbt' | undefined; readonly vars?: JsonObject | undefined },
): DbtSettings | undefined {
  const { dbt = {}, executor } = definition;
  if ((overrides.executor ?? executor) !== 'dbt') return undefined;
  if (dbt.profilesDir === undefined && (dbt.profile !== undefined || dbt.target !== undefined)) {
    throw new ConfigError('transform.dbt names a profile or target, but not the folder of its profiles.yml', {
      code: 'config_invalid',
      origin: { file: configFileName },
      next: "Add profilesDir, or take profile and target out: one is made of the warehouse's connection",
    });
  }
  const path = dbt.path ?? 'dbt';
  return {
    path: /[/\\]/.test(path) ? resolve(folder, path) : path,
    profilesFolder: dbt.profilesDir === undefined ? undefined : resolve(folder, dbt.profilesDir),
    profile: dbt.profile,
    target: dbt.target,
    threads: dbt.threads,
    vars: { ...definition.vars, ...overrides.vars },
    stateFolder: join(folder, stateFolderName),
    environment,
  };
}

const passwordVariable = 'DBT_ENV_SECRET_MILLRACE_PASSWORD';

/** Keys of a PostgreSQL connection that dbt calls the same. */
const sameKeys = ['role', 'sslmode', 'sslrootcert', 'sslcert', 'sslkey'] as const;

/** The warehouse's connection as an output of `profiles.yml`. */
export async function madeProfile(
  project: Pick<Project, 'folder'>,
  warehouse: ConnectionDeclaration,
  built: { readonly schema: string; readonly threads: number },
  connections: Pick<ConnectionPool, 'settingsOf'>,
): Promise<MadeProfile> {
  const settings = (await connections.settingsOf(warehouse.name)) as Readonly<
    Record<string, string | number | boolean | undefined>
  >;
  const { schema, threads } = built;
  if (warehouse.type === 'duckdb') {
    const path = String(settings['path'] ?? settings['instance'] ?? settings['database']);
    if (path === ':memory:') {
      throw new ConfigError(`dbt cannot build in ${warehouse.name}: it is kept in this process's memory`, {
        code: 'dbt_warehouse_unreachable',
        origin: warehouse.origin,
        next: 'Name a file in path:',
      });
    }
    return { output: { type: 'duckdb', path: resolve(project.folder, path), schema, threads }, secrets: {} };
  }
  const { host, hostaddr, port, user, password, database } = settings;
  return {
    output: {
      type: 'postgres',
      host: String(hostaddr ?? host),
      port: Number(port),
      user: String(user),
      password: `{{ env_var('${passwordVariable}') }}`,
      dbname: String(database),
      schema,
      threads,
      ...Object.fromEntries(
        sameKeys.flatMap((key) => (settings[key] === undefined ? [] : [[key, String(settings[key])]])),
      ),
    },
    secrets: { [passwordVariable]: String(password ?? '') },
  };
}
