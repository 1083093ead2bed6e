import { join } from 'node:path';
import { ProjectError } from '../core/errors.ts';
import { createMistakes } from './files/mistakes.ts';
import type { DbtProjectFile } from './files/dbt-project-file.ts';
import { hubUrl } from './packages/hub.ts';
import { installPackages } from './packages/install.ts';
import type { LockedPackage } from './packages/package-spec.ts';
import { yamlContextOf } from './reading/project-scope.ts';
import { readProjectFile } from './reading/package-reader.ts';

interface DbtFolder {
  /** Absolute folder of `dbt_project.yml`. */
  readonly folder: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly vars: Readonly<Record<string, unknown>>;
}

/** Reads `dbt_project.yml` alone. Throws a ProjectError. */
export async function readDbtProjectFile({ folder, ...given }: DbtFolder): Promise<DbtProjectFile> {
  const mistakes = createMistakes();
  const file = await readProjectFile(folder, folder, yamlContextOf(given), mistakes);
  if (!file || mistakes.issues.length > 0) throw new ProjectError(mistakes.issues);
  return file;
}

/** Installs the packages of a dbt project. */
export async function installDependencies(
  request: DbtFolder & {
    readonly isUpgrade: boolean;
    readonly isLockOnly: boolean;
    readonly log: (message: string) => void;
  },
): Promise<readonly LockedPackage[]> {
  const { folder, environment, vars, ...rest } = request;
  const file = await readDbtProjectFile({ folder, environment, vars });
  return await installPackages({
    ...rest,
    folder,
    installFolder: join(folder, file.packagesPath),
    hub: hubUrl(environment),
    context: yamlContextOf({ environment, vars }),
  });
}
