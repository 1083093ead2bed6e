import type { Environment } from '../../config/environment.ts';
import type { KeptCode } from '../code/code-elsewhere.ts';
import { keepCode } from '../execution/code-keeper.ts';
import type { Project } from '../reading/project.ts';
import { readProject } from '../reading/read-project.ts';

/** A project whose code is in a process of its own. */
export interface KeptProject {
  readonly project: Project;
  readonly kept: KeptCode;
}

/**
 * Reads a project without loading its code here.
 * @param known its code as it was loaded before, when that has not changed
 * @throws ProjectError or ConfigError with what is wrong; a process that was started for it has then been ended
 */
export async function readKeptProject(
  folder: string,
  environment: Environment,
  known?: KeptCode,
): Promise<KeptProject> {
  const kept = known ?? (await keepCode(folder, environment));
  try {
    return { project: await readProject(folder, environment, {}, kept), kept };
  } catch (error) {
    if (kept !== known) kept.code.retire();
    throw error;
  }
}
