import { randomUUID } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { ConfigError } from '../../../core/errors.ts';
import type { JsonObject } from '../../../core/json.ts';
import { findProjectFolder, readConfigFile } from '../../../project/settings/config-file.ts';
import { findDbtFolder, readDbtProject } from '../../../project/reading/dbt-project.ts';
import type { Project } from '../../../project/reading/project.ts';
import { readProject } from '../../../project/reading/read-project.ts';
import {
  type Invocation,
  type ManifestArtifact,
  manifestArtifact,
  semanticArtifact,
  readDbtProjectFile,
  type TransformProject,
} from '../../../transform/index.ts';
import { type DbtFlags, readMap, withEnvironment, withProjectFlags } from './dbt-options.ts';

/** A dbt project that a command works on: by itself, or as a part of a Millrace project. */
export interface Workspace<Flags extends DbtFlags = DbtFlags> {
  readonly flags: Flags;
  readonly project: Project;
  readonly transform: TransformProject;
  /** Whether another process at work would build something else: other variables, another target. */
  readonly isOwn: boolean;
  /** Absolute folder of `dbt_project.yml`. */
  readonly root: string;
  /** Absolute folder of artifacts. */
  readonly targetFolder: string;
  readonly vars: JsonObject;
  readonly invocation: Invocation;
  readonly startedAtMs: number;
}

interface Place {
  /** `--project` of Millrace. */
  readonly project: string | undefined;
}

/** Reads the dbt project that the flags, or the current folder, name. Throws what is wrong with it. */
export async function openWorkspace<Flags extends DbtFlags>(
  place: Place,
  given: Flags,
): Promise<Workspace<Flags>> {
  const startedAtMs = Date.now();
  const flags = withEnvironment(given, process.env);
  const vars = readMap(flags.vars, '--vars');
  const { project, isOwn } = await openProject(place, flags, vars);
  const { transform } = project.parts;
  if (!transform) {
    throw new ConfigError('this project has no dbt project', {
      code: 'transform_missing',
      next: 'Put one under transform/, or go to its folder.',
    });
  }
  return {
    flags: withProjectFlags(flags, transform.manifest.projectFile.flags),
    project,
    transform,
    isOwn,
    root: transform.folder,
    targetFolder: resolve(
      flags.targetPath === undefined ? transform.folder : '.',
      flags.targetPath ?? transform.manifest.projectFile.targetPath,
    ),
    vars,
    invocation: { id: randomUUID(), atMs: startedAtMs, environment: customEnvironment() },
    startedAtMs,
  };
}

async function openProject(
  place: Place,
  flags: DbtFlags,
  vars: JsonObject,
): Promise<{ readonly project: Project; readonly isOwn: boolean }> {
  const start = resolve(flags.projectDir ?? place.project ?? '.');
  const dbtFolder = await findDbtFolder(start);
  const millraceFolder = await findProjectFolder(start);
  const isByItself =
    dbtFolder !== undefined && (millraceFolder === undefined || !(await isPartOf(millraceFolder, dbtFolder)));
  if (isByItself) {
    const project = await readDbtProject(dbtFolder, process.env, {
      vars,
      profilesFolder: flags.profilesDir,
      profile: flags.profile,
      target: flags.target,
      threads: flags.threads,
      storesFailures: flags.storeFailures,
      executor: flags.executor,
    });
    return { project, isOwn: true };
  }
  if (millraceFolder === undefined) {
    throw new ConfigError(`there is no dbt_project.yml in ${flags.projectDir ?? 'this folder'} or above it`, {
      code: 'project_missing',
      next: 'Go to a dbt project, or name its folder: --project-dir',
    });
  }
  if (flags.profile !== undefined || flags.profilesDir !== undefined) {
    throw new ConfigError('a Millrace project has connections.yaml instead of profiles', {
      code: 'flag_invalid',
      next: 'Leave out --profile and --profiles-dir.',
    });
  }
  const project = await readProject(millraceFolder, process.env, {
    vars,
    storesFailures: flags.storeFailures === true,
    ...(flags.target === undefined ? {} : { targetName: flags.target }),
    ...(flags.executor === undefined ? {} : { executor: flags.executor }),
  });
  const isOwn =
    Object.keys(vars).length > 0 ||
    flags.target !== undefined ||
    flags.executor !== undefined ||
    flags.storeFailures === true;
  return { project, isOwn };
}

/** The dbt project's own file, without its packages, models and connections. */
export async function openDbtFiles(
  place: Place,
  given: DbtFlags,
): Promise<{
  readonly root: string;
  readonly vars: JsonObject;
  readonly projectFile: Awaited<ReturnType<typeof readDbtProjectFile>>;
}> {
  const flags = withEnvironment(given, process.env);
  const vars = readMap(flags.vars, '--vars');
  const start = resolve(flags.projectDir ?? place.project ?? '.');
  const millraceFolder = await findProjectFolder(start);
  const inMillrace =
    millraceFolder === undefined ? undefined : await findDbtFolder(await transformFolder(millraceFolder));
  const root = (await findDbtFolder(start)) ?? inMillrace;
  if (root === undefined) {
    throw new ConfigError(`there is no dbt_project.yml in ${flags.projectDir ?? 'this folder'} or above it`, {
      code: 'project_missing',
      next: 'Go to a dbt project, or name its folder: --project-dir',
    });
  }
  const projectFile = await readDbtProjectFile({ folder: root, environment: process.env, vars });
  return { root, vars, projectFile };
}

async function transformFolder(millraceFolder: string): Promise<string> {
  const definition = await readConfigFile(millraceFolder);
  return resolve(millraceFolder, definition.transform?.folder ?? 'transform');
}

/** Whether the dbt project is the one that the Millrace project builds, and not one beside or below it. */
async function isPartOf(millraceFolder: string, dbtFolder: string): Promise<boolean> {
  if (!dbtFolder.startsWith(millraceFolder)) return false;
  return (await transformFolder(millraceFolder)) === dbtFolder;
}

const customPrefix = 'DBT_ENV_CUSTOM_ENV_';

function customEnvironment(): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(process.env).flatMap(([name, value]) =>
      name.startsWith(customPrefix) ? [[name.slice(customPrefix.length), value ?? '']] : [],
    ),
  );
}

/** The project as dbt's manifest. */
export function currentManifest(
  workspace: Workspace,
  more: { readonly selectors?: JsonObject } = {},
): ManifestArtifact {
  const { transform, invocation, root } = workspace;
  return manifestArtifact({ manifest: transform.manifest, invocation, root, ...more });
}

/** Writes the manifest, and what of it belongs to the metrics layer, into the target folder. */
export async function writeManifest(workspace: Workspace, manifest: ManifestArtifact): Promise<void> {
  await writeArtifact(workspace, 'manifest.json', manifest);
  await writeArtifact(workspace, 'semantic_manifest.json', semanticArtifact(manifest));
}

/** Writes one artifact into the target folder, unless --no-write-json. */
export async function writeArtifact(workspace: Workspace, name: string, value: unknown): Promise<void> {
  if (workspace.flags.writeJson === false) return;
  const file = join(workspace.targetFolder, name);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, JSON.stringify(value));
}

/** An artifact of an earlier run; undefined when there is none. Throws a ConfigError for one that is no JSON. */
export async function readArtifact(folder: string, name: string): Promise<JsonObject | undefined> {
  const file = join(folder, name);
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined;
    throw new ConfigError(`${file} cannot be read (${error.code})`, { code: 'file_unreadable' });
  });
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text) as JsonObject;
  } catch (cause) {
    throw new ConfigError(`${file} is no JSON`, { code: 'artifact_invalid', cause });
  }
}
