import { access } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Environment } from '../../config/environment.ts';
import type { JsonObject } from '../../core/json.ts';
import type { ConnectionDeclaration } from '../connections/connections-file.ts';
import { dbtSettings } from './dbt-settings.ts';
import { databaseName } from '../connections/database-name.ts';
import { Mistakes } from '../settings/mistakes.ts';
import { partNodes } from './part-nodes.ts';
import { parsedModelsFile, type Project, type ProjectParts, stateFolderName } from './project.ts';
import { assemble } from './read-project.ts';
import { loadTransformRoom } from './transform-room.ts';

/** What a command line says of a dbt project by itself. */
export interface DbtProjectRequest {
  readonly vars: JsonObject;
  readonly profilesFolder?: string | undefined;
  readonly profile?: string | undefined;
  readonly target?: string | undefined;
  readonly threads?: number | undefined;
  /** Whether tests keep their failing rows where they do not say so themselves. */
  readonly storesFailures?: boolean | undefined;
  /** Who builds the models. */
  readonly executor?: 'millrace' | 'dbt' | undefined;
}

/** Walks up from `folder` to the nearest one with a `dbt_project.yml`. */
export async function findDbtFolder(folder: string): Promise<string | undefined> {
  for (let at = folder; ; at = dirname(at)) {
    const isThere = await access(join(at, 'dbt_project.yml')).then(
      () => true,
      () => false,
    );
    if (isThere) return at;
    if (dirname(at) === at) return undefined;
  }
}

/**
 * A dbt project that is no part of a Millrace project: its `profiles.yml` says where it is built.
 * @param folder absolute, with a `dbt_project.yml`
 * @throws ProjectError or ConfigError with the place of what is wrong
 */
export async function readDbtProject(
  folder: string,
  environment: Environment,
  request: DbtProjectRequest,
): Promise<Project> {
  const { profileConnection, readProfile, readTransformProject } = await loadTransformRoom();
  const {
    projectFile,
    target,
    folder: profilesFolder,
  } = await readProfile({
    folder,
    environment,
    ...request,
  });
  const { type, config, ...built } = profileConnection(target);
  const warehouse: ConnectionDeclaration = {
    name: `${target.profile}.${target.target}`,
    type,
    config,
    url: undefined,
    origin: target.origin,
  };
  const threads = request.threads ?? target.threads ?? 1;
  const transform = await readTransformProject({
    projectFolder: folder,
    folder,
    connection: warehouse.name,
    dialectName: type,
    database: databaseName(warehouse),
    schema: built.schema,
    environment,
    vars: request.vars,
    storesFailures: request.storesFailures ?? false,
    toleratesUndefined: true,
    cacheFile: join(folder, stateFolderName, parsedModelsFile),
    targetName: target.target,
    profileName: target.profile,
    threads,
    targetValues: built.targetValues,
    openingStatements: built.openingStatements,
    attachedDatabases: built.attachedDatabases,
  });
  const dbt = dbtSettings(
    folder,
    { dbt: { profilesDir: profilesFolder, profile: target.profile, target: target.target, threads } },
    environment,
    request,
  );
  const parts: ProjectParts = { tasks: [], replications: [], transform, dbt, reports: [], syncs: [] };
  const connections = new Map([[warehouse.name.toUpperCase(), warehouse]]);
  const mistakes = new Mistakes();
  const nodes = await partNodes(parts, connections, warehouse, mistakes);
  mistakes.throwIfAny();
  return assemble({
    folder,
    definition: { name: projectFile.name, concurrency: threads },
    environment,
    connections,
    warehouse,
    parts,
    nodes,
  });
}
