import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import type { Environment } from '../../config/environment.ts';
import { decodeText } from '../../config/text-file.ts';
import { configFileName } from '../settings/config-file.ts';
import type { ConnectionDefinition } from '../settings/connection-definition.ts';
import {
  type ConnectionDeclaration,
  connectionsFileName,
  declare,
  parseConnections,
} from './connections-file.ts';
import { dbtConnections } from './dbt-profiles.ts';
import { environmentConnections } from './environment-connections.ts';
import { unreadable } from '../settings/project-files.ts';

const environmentFileName = '.env.sling';

/** Files of this machine, without a connection of their own: relative paths begin in the project's folder. */
const localFiles: ConnectionDeclaration = {
  name: 'LOCAL',
  type: 'file',
  config: {},
  url: undefined,
  origin: { file: 'built in' },
  shared: true,
};

/**
 * The connections that a project can use, by name in capitals. Later ones replace earlier ones of the same name:
 * `LOCAL`, dbt's `profiles.yml`, Sling's `env.yaml`, `connections.yaml`, those of the project's definition, `SLING_ENV_YAML` or `ENV_YAML`,
 * `.env.sling`, environment variables.
 * @throws ProjectError with all mistakes of a source
 */
export async function readConnections(
  projectFolder: string,
  environment: Environment,
  defined: readonly ConnectionDefinition[] = [],
): Promise<ReadonlyMap<string, ConnectionDeclaration>> {
  const variables = await readEnvironment(projectFolder, environment);
  const declarations = new Map<string, ConnectionDeclaration>();
  for (const found of [
    localFiles,
    ...(await profileConnections(projectFolder, variables)),
    ...(await slingConnections(variables)),
    ...(await projectConnections(projectFolder, variables)),
    ...defined.map(({ name, ...entry }) => declare(name, entry, variables, { file: configFileName })),
    ...givenConnections(variables),
    ...environmentConnections(variables, (name) => ({
      file: environment[name] === undefined ? environmentFileName : `environment variable ${name}`,
    })),
  ]) {
    const key = found.name.toUpperCase();
    const declared = declarations.get(key);
    declarations.set(key, declared ? { ...found, name: declared.name } : found);
  }
  return declarations;
}

/** With the relative paths of the built-in `LOCAL` beginning in `folder`. */
export function withLocalFolder(
  connections: ReadonlyMap<string, ConnectionDeclaration>,
  folder: string,
): ReadonlyMap<string, ConnectionDeclaration> {
  const found = connections.get(localFiles.name);
  if (found !== localFiles) return connections;
  return new Map(connections).set(localFiles.name, { ...localFiles, config: { path: folder } });
}

/** The environment, and beneath it what the project's `.env.sling` says. */
export async function readEnvironment(projectFolder: string, environment: Environment): Promise<Environment> {
  const text = await textOf(join(projectFolder, environmentFileName), environmentFileName);
  return text === undefined ? environment : { ...parseEnv(text), ...environment };
}

/** Sling's file of the user's connections; undefined where there is no home. */
export function slingFile(environment: Environment): string | undefined {
  const { SLING_HOME_DIR: slingHome, HOME: home } = environment;
  if (slingHome) return join(slingHome, 'env.yaml');
  return home ? join(home, '.sling', 'env.yaml') : undefined;
}

async function profileConnections(
  projectFolder: string,
  environment: Environment,
): Promise<readonly ConnectionDeclaration[]> {
  const { DBT_PROFILES_DIR: given, HOME: home } = environment;
  const folders = given ? [given] : [...(home ? [join(home, '.dbt')] : []), join(projectFolder, 'transform'), projectFolder]; // prettier-ignore
  const found = await Promise.all(
    folders.map(async (folder) => {
      const path = join(folder, 'profiles.yml');
      const shown = shownPath(path, projectFolder, home);
      const text = await textOf(path, shown);
      return text === undefined ? [] : dbtConnections(text, shown, environment);
    }),
  );
  return found.flat();
}

async function slingConnections(environment: Environment): Promise<readonly ConnectionDeclaration[]> {
  const path = slingFile(environment);
  if (path === undefined) return [];
  const shown = shownPath(path, undefined, environment['HOME']);
  const text = await textOf(path, shown);
  return text === undefined ? [] : parseConnections(text, shown, environment, true);
}

async function projectConnections(
  projectFolder: string,
  environment: Environment,
): Promise<readonly ConnectionDeclaration[]> {
  const text = await textOf(join(projectFolder, connectionsFileName), connectionsFileName);
  return text === undefined ? [] : parseConnections(text, connectionsFileName, environment);
}

function givenConnections(environment: Environment): readonly ConnectionDeclaration[] {
  return ['ENV_YAML', 'SLING_ENV_YAML'].flatMap((name) => {
    const text = environment[name];
    return text ? parseConnections(text, `environment variable ${name}`, environment, true) : [];
  });
}

function shownPath(path: string, projectFolder: string | undefined, home: string | undefined): string {
  if (projectFolder !== undefined && path.startsWith(`${projectFolder}/`))
    return path.slice(projectFolder.length + 1);
  return home && path.startsWith(`${home}/`) ? `~${path.slice(home.length)}` : path;
}

/** Undefined when there is no such file. */
async function textOf(path: string, shown: string): Promise<string | undefined> {
  try {
    return decodeText(await readFile(path), shown);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw code === undefined || code === 'text_not_utf8' ? error : unreadable(shown, error);
  }
}
