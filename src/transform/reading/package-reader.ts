import { join } from 'node:path';
import type { RenderContext } from '../jinja/index.ts';
import { type DbtProjectFile, shapeDbtProject } from '../files/dbt-project-file.ts';
import type { Mistakes } from '../files/mistakes.ts';
import { type ProjectFile, projectPath, type ReadFiles, readText } from '../files/project-files.ts';
import { parseYamlFile } from '../files/yaml-file.ts';
import { isLateInProject, renderYamlValues } from './rendered-yaml.ts';

/** The project itself or one of its packages, as files. */
export interface PackageFiles {
  readonly folder: string;
  readonly projectFile: DbtProjectFile;
  readonly content: PackageContent;
}

/** The files of a dbt project by what they hold. */
export interface PackageContent {
  readonly models: readonly ProjectFile[];
  readonly seeds: readonly ProjectFile[];
  readonly snapshots: readonly ProjectFile[];
  readonly analyses: readonly ProjectFile[];
  readonly macros: readonly ProjectFile[];
  readonly tests: readonly ProjectFile[];
  /** Rows for unit tests. */
  readonly fixtures: readonly ProjectFile[];
  readonly properties: readonly ProjectFile[];
  readonly docs: readonly ProjectFile[];
}

/** Reads the `dbt_project.yml` in `folder`; undefined after a mistake. */
export async function readProjectFile(
  projectFolder: string,
  folder: string,
  context: RenderContext,
  mistakes: Mistakes,
): Promise<DbtProjectFile | undefined> {
  const path = join(folder, 'dbt_project.yml');
  const text = await readText(projectFolder, path);
  const yaml = parseYamlFile(projectPath(projectFolder, path), text, mistakes);
  if (!yaml) return undefined;
  return shapeDbtProject(yaml, renderYamlValues(yaml, context, isLateInProject, mistakes), mistakes);
}

/** Reads every file of a project that may hold something. */
export async function readContent(
  read: ReadFiles,
  project: DbtProjectFile,
  hasPython: boolean,
): Promise<PackageContent> {
  const everywhere = [
    ...project.modelPaths,
    ...project.seedPaths,
    ...project.macroPaths,
    ...project.testPaths,
    ...project.snapshotPaths,
    ...project.analysisPaths,
    ...project.docsPaths,
  ];
  const tests = await read(project.testPaths, ['.sql']);
  const tables = await read(project.testPaths, ['.csv']);
  return {
    models: await read(project.modelPaths, hasPython ? ['.sql', '.py'] : ['.sql']),
    seeds: await read(project.seedPaths, ['.csv']),
    snapshots: await read(project.snapshotPaths, ['.sql']),
    analyses: await read(project.analysisPaths, ['.sql']),
    macros: await read(project.macroPaths, ['.sql']),
    tests: tests.filter((file) => !isFixture(file)),
    fixtures: [...tests, ...tables].filter(isFixture),
    properties: await read(everywhere, ['.yml', '.yaml']),
    docs: await read(everywhere, ['.md']),
  };
}

function isFixture(file: ProjectFile): boolean {
  return file.folders[0] === 'fixtures';
}

/** `tests/generic/` holds definitions, the rest of `tests/` holds queries. */
export function isGenericTest(file: ProjectFile): boolean {
  return file.folders[0] === 'generic';
}
