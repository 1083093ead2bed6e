import { ConfigError } from '../../core/errors.ts';
import { findProjectFolder } from '../../project/settings/config-file.ts';
import { findDbtFolder, readDbtProject } from '../../project/reading/dbt-project.ts';
import type { Project } from '../../project/reading/project.ts';
import { readProject } from '../../project/reading/read-project.ts';
import { type KeptProject, readKeptProject } from '../../project/session/kept-project.ts';
import { hasLoadLedger } from '../../project/session/session.ts';
import { resolve } from 'node:path';

export interface Place {
  /** `--project`, if given. */
  readonly project: string | undefined;
}

/** The folder of the project that a command is about. */
export async function projectFolder({ project }: Place): Promise<string> {
  const start = resolve(project ?? '.');
  const found = await findProjectFolder(start);
  if (found) return found;
  throw new ConfigError(`there is no millrace.config.ts in ${project ?? 'this folder'} or above it`, {
    code: 'project_missing',
    next: 'Go to a project, or make one: millrace init my-project',
  });
}

/** The project, a dbt project by itself, or a folder in which loads were run from the command line. */
export async function ledgerFolder(place: Place): Promise<string> {
  const here = resolve(place.project ?? '.');
  if (await hasLoadLedger(here)) return here;
  return (await bareDbtFolder(place)) ?? projectFolder(place);
}

/** The dbt project around the folder, where that is no part of a Millrace project. */
async function bareDbtFolder({ project }: Place): Promise<string | undefined> {
  const start = resolve(project ?? '.');
  return (await findProjectFolder(start)) === undefined ? findDbtFolder(start) : undefined;
}

export async function openProject(place: Place): Promise<Project> {
  return readProject(await projectFolder(place), process.env);
}

/** The project for who serves it: its code is in a process of its own. */
export async function openKeptProject(place: Place): Promise<KeptProject> {
  return readKeptProject(await projectFolder(place), process.env);
}

/** The project, or a dbt project by itself as its profile and dbt's variables of the environment say. */
export async function openProjectOrDbt(place: Place): Promise<Project> {
  const folder = await bareDbtFolder(place);
  if (folder === undefined) return openProject(place);
  const { DBT_PROFILES_DIR: profilesFolder, DBT_PROFILE: profile, DBT_TARGET: target } = process.env;
  return readDbtProject(folder, process.env, { vars: {}, profilesFolder, profile, target });
}
