import { ConfigError } from '../../core/errors.ts';
import { findProjectFolder } from '../../project/config-file.ts';
import type { Project } from '../../project/project.ts';
import { readProject } from '../../project/read-project.ts';
import { hasLoadLedger } from '../../project/session.ts';
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

/** The project, or a folder in which loads were run from the command line. */
export async function ledgerFolder(place: Place): Promise<string> {
  const here = resolve(place.project ?? '.');
  return (await hasLoadLedger(here)) ? here : projectFolder(place);
}

export async function openProject(place: Place): Promise<Project> {
  return readProject(await projectFolder(place), process.env);
}
