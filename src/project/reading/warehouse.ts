import { access } from 'node:fs/promises';
import { join, sep } from 'node:path';
import type { Environment } from '../../config/environment.ts';
import { ConfigError } from '../../core/errors.ts';
import type { JsonObject } from '../../core/json.ts';
import type { TransformProject } from '../../transform/index.ts';
import { configFileName } from '../settings/config-file.ts';
import { connectionMissing } from '../../connector/connection-missing.ts';
import { namesOf } from '../connections/connection-pool.ts';
import type { ConnectionDeclaration } from '../connections/connections-file.ts';
import { databaseName } from '../connections/database-name.ts';
import type { ProjectDefinition } from '../settings/definitions.ts';
import { parsedModelsFile, stateFolderName } from './project.ts';
import { loadTransformRoom } from './transform-room.ts';
import { unreadable } from '../settings/project-files.ts';

/** What a command line says over the project's files. */
export interface TransformOverrides {
  readonly vars?: JsonObject;
  /** dbt's `target.name`. */
  readonly targetName?: string;
  /** Whether tests keep their failing rows where they do not say so themselves. */
  readonly storesFailures?: boolean;
  /** Who builds the models, over what the project says. */
  readonly executor?: 'millrace' | 'dbt';
}

/** The connection that the project names, or its only DuckDB or PostgreSQL one. */
export function chooseWarehouse(
  definition: ProjectDefinition,
  connections: ReadonlyMap<string, ConnectionDeclaration>,
): ConnectionDeclaration | undefined {
  if (definition.warehouse !== undefined) {
    const found = connections.get(definition.warehouse.toUpperCase());
    if (!found) throw connectionMissing(definition.warehouse, namesOf(connections), { file: configFileName });
    return found;
  }
  const candidates = [...connections.values()].filter(
    ({ type, shared }) => !shared && (type === 'duckdb' || type === 'postgres'),
  );
  return candidates.length === 1 ? candidates[0] : undefined;
}

/** The dbt project to build in the warehouse; undefined when there is none. */
export async function readTransform(
  folder: string,
  definition: ProjectDefinition,
  warehouse: ConnectionDeclaration | undefined,
  environment: Environment,
  overrides: TransformOverrides = {},
): Promise<TransformProject | undefined> {
  const transformFolder = join(folder, definition.transform?.folder ?? 'transform');
  const file = join(definition.transform?.folder ?? 'transform', 'dbt_project.yml')
    .split(sep)
    .join('/');
  const present = await access(join(transformFolder, 'dbt_project.yml')).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return false;
      throw unreadable(file, error);
    },
  );
  if (!present) {
    if (definition.transform === undefined) return undefined;
    throw new ConfigError(`there is no ${file}`, {
      code: 'transform_missing',
      origin: { file: configFileName },
      next: "Put a dbt project there, or take 'transform' out of millrace.config.ts",
    });
  }
  if (!warehouse) {
    throw new ConfigError('models need a warehouse, and several connections could be it', {
      code: 'warehouse_missing',
      origin: { file: configFileName },
      next: "Name one: defineProject({ warehouse: 'NAME', ... })",
    });
  }
  const dialectName = warehouse.type;
  if (dialectName !== 'duckdb' && dialectName !== 'postgres') {
    throw new ConfigError(
      `models cannot be built in ${warehouse.name}: it is a ${warehouse.type} connection`,
      {
        code: 'warehouse_unsupported',
        origin: warehouse.origin,
        next: 'Choose a duckdb or postgres connection as warehouse',
      },
    );
  }
  const { readTransformProject } = await loadTransformRoom();
  return readTransformProject({
    projectFolder: folder,
    folder: transformFolder,
    connection: warehouse.name,
    dialectName,
    database: databaseName(warehouse),
    schema: definition.transform?.schema ?? (dialectName === 'duckdb' ? 'main' : 'public'),
    environment,
    vars: { ...definition.transform?.vars, ...overrides.vars },
    storesFailures: overrides.storesFailures ?? false,
    cacheFile: join(folder, stateFolderName, parsedModelsFile),
    // What dbt builds, dbt judges.
    toleratesUndefined: (overrides.executor ?? definition.transform?.executor) === 'dbt',
    ...(overrides.targetName === undefined ? {} : { targetName: overrides.targetName }),
  });
}
