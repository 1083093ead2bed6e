import { join } from 'node:path';
import { readdir } from 'node:fs/promises';
import type { DbtProjectFile } from '../files/dbt-project-file.ts';
import type { Mistakes } from '../files/mistakes.ts';
import { isJsonRecord } from '../files/plain-value.ts';
import { type ProjectFile, projectPath, type ReadFiles, readText } from '../files/project-files.ts';
import { parseYamlFile } from '../files/yaml-file.ts';

/** Adds a mistake for each file whose kind would change the outcome and is not built: functions, Python models. */
export async function reportUnsupportedFiles(
  projectFolder: string,
  dbtFolder: string,
  project: DbtProjectFile,
  read: ReadFiles,
  mistakes: Mistakes,
): Promise<void> {
  const kinds: readonly (readonly [string, string, readonly ProjectFile[]])[] = [
    [
      'Python models are',
      "write the model in SQL, or let dbt build: executor: 'dbt'",
      mistakes.isTolerant ? [] : await read(project.modelPaths, ['.py']),
    ],
    ['functions are', 'create the function in a pre_hook', await read(project.functionPaths, ['.sql'])],
  ];
  for (const [what, instead, files] of kinds) {
    for (const file of files) {
      mistakes.add(`${what} not yet supported: ${instead}`, {
        code: 'not_yet_supported',
        origin: { file: file.file },
      });
    }
  }
  await reportVariablesFile(projectFolder, dbtFolder, mistakes);
}

async function reportVariablesFile(
  projectFolder: string,
  dbtFolder: string,
  mistakes: Mistakes,
): Promise<void> {
  const name = 'vars.yml';
  if (!(await readdir(dbtFolder)).includes(name)) return;
  const path = join(dbtFolder, name);
  const text = await readText(projectFolder, path);
  const yaml = parseYamlFile(projectPath(projectFolder, path), text, mistakes);
  if (!yaml || !isJsonRecord(yaml.value) || !isJsonRecord(yaml.value['vars'])) return;
  mistakes.add('"vars" of vars.yml is not yet supported', {
    code: 'not_yet_supported',
    origin: yaml.locate(['vars']),
    next: 'Move it under vars: in dbt_project.yml.',
  });
}
