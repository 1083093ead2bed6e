import { join } from 'node:path';
import { ProjectError } from '../../core/errors.ts';
import { builtinMacros } from '../builtin/index.ts';
import type { Macros } from '../context/macro-set.ts';
import { yamlContext } from '../context/node-context.ts';
import type { ProjectScope } from '../context/render-scope.ts';
import { packageVariables } from '../context/variables.ts';
import type { DatasetsFile } from '../files/datasets-file.ts';
import type { DbtProjectFile } from '../files/dbt-project-file.ts';
import { createMistakes, type Mistakes } from '../files/mistakes.ts';
import { fileReader, projectPath } from '../files/project-files.ts';
import type { Dataset } from '../manifest/dataset.ts';
import { checkDatasets, readDatasets } from './dataset-parts.ts';
import { type DocBlock, readDocs } from './docs-reader.ts';
import { readMacros } from './macro-reader.ts';
import { packageFolders } from './package-folders.ts';
import { type DividedPackage, dividePackage } from './package-parts.ts';
import { isGenericTest, type PackageFiles, readContent, readProjectFile } from './package-reader.ts';
import { bareScope, projectScope } from './project-scope.ts';
import type { TransformOptions } from './transform-options.ts';
import type { RunHook } from './manifest.ts';
import { readRunHooks } from './run-hook-reader.ts';
import { reportUnsupportedFiles } from './unsupported-files.ts';

/** The files of a project, and what templates see: all that its nodes are made of. */
export interface ProjectFrame {
  /** The project itself first. */
  readonly packages: readonly PackageFiles[];
  readonly datasets: DatasetsFile | undefined;
  readonly divided: readonly DividedPackage[];
  readonly docs: readonly DocBlock[];
  /** Those of packages first, as dbt runs them. */
  readonly runHooks: readonly RunHook[];
  readonly mistakes: Mistakes;
}

/** Reads the files of a dbt project and its packages. Throws a ProjectError where nothing more can be read. */
export async function readFrame(options: TransformOptions): Promise<ProjectFrame> {
  const mistakes = createMistakes(options.toleratesUndefined);
  const packages = await readPackageFiles(options, mistakes);
  const [root] = packages;
  if (!root) throw new ProjectError(mistakes.issues);
  const scopeOf = scopesOf(options, packages, root.projectFile, mistakes);
  const datasets = await datasetsOf(options, packages, scopeOf(root), mistakes);
  const divided = packages.map((files) =>
    dividePackage(
      {
        files,
        path: projectPath(options.projectFolder, files.folder),
        rootFile: files === root ? undefined : root.projectFile,
        targetSchema: options.schema,
        scopeOf: (dataset, schema) => scopeOf(files, dataset, schema),
        mistakes,
      },
      datasets?.dimensions ?? [],
    ),
  );
  return {
    packages,
    datasets,
    divided,
    runHooks: [...divided.slice(1), ...divided.slice(0, 1)].flatMap(({ once }) => readRunHooks(once.room)),
    docs: packages.flatMap(({ content, projectFile }) => readDocs(projectFile.name, content.docs, mistakes)),
    mistakes,
  };
}

type ScopeOf = (files: PackageFiles, dataset?: Dataset, schema?: string) => ProjectScope;

/** Makes what templates of a package see, or those of a dataset's part of it. */
function scopesOf(
  options: TransformOptions,
  packages: readonly PackageFiles[],
  rootFile: DbtProjectFile,
  mistakes: Mistakes,
): ScopeOf {
  const macros = new Map(
    packages.map(({ content, projectFile }): [string, Macros] => {
      const files = [...content.macros, ...content.tests.filter((file) => isGenericTest(file))];
      return [projectFile.name, readMacros(files, projectFile === rootFile, mistakes)];
    }),
  );
  const packageVersions = Object.fromEntries(
    packages.map(({ projectFile }) => [projectFile.name, projectFile.version ?? '']),
  );
  return ({ projectFile }, dataset, schema = options.schema) =>
    projectScope(
      { ...options, schema },
      rootFile.name,
      { ...packageVariables(rootFile, projectFile, options.vars ?? {}), ...dataset?.vars },
      {
        local: projectFile.name,
        root: rootFile.name,
        adapterType: options.dialectName,
        packages: macros,
        builtin: builtinMacros(options.dialectName, schema),
        searchOrders: rootFile.dispatch,
      },
      { quoting: rootFile.quoting, packageVersions },
    );
}

async function datasetsOf(
  options: TransformOptions,
  packages: readonly PackageFiles[],
  scope: ProjectScope,
  mistakes: Mistakes,
): Promise<DatasetsFile | undefined> {
  const { projectFolder, folder } = options;
  const known = mistakes.issues.length;
  const datasets = await readDatasets(projectFolder, folder, yamlContext(scope), mistakes);
  if (datasets) checkDatasets(datasets, packages, projectPath(projectFolder, folder), mistakes);
  // What is wrong with datasets would come up again in everything that is built for them.
  if (mistakes.issues.length > known) throw new ProjectError(mistakes.issues);
  return datasets;
}

/** The project itself first; empty when its `dbt_project.yml` cannot be read. */
async function readPackageFiles(
  options: TransformOptions,
  mistakes: Mistakes,
): Promise<readonly PackageFiles[]> {
  const { projectFolder, folder } = options;
  const context = yamlContext(bareScope(options));
  const projectFile = await readProjectFile(projectFolder, folder, context, mistakes);
  if (!projectFile) return [];
  const folders = await packageFolders({
    projectFolder,
    dbtFolder: folder,
    installFolder: join(folder, projectFile.packagesPath),
    context,
    mistakes,
  });
  const found: PackageFiles[] = [];
  for (const at of [folder, ...folders]) {
    const file = at === folder ? projectFile : await readProjectFile(projectFolder, at, context, mistakes);
    if (!file || isNameTaken(found, file, mistakes)) continue;
    const read = fileReader(projectFolder, at);
    await reportUnsupportedFiles(projectFolder, at, file, read, mistakes);
    found.push({
      folder: at,
      projectFile: file,
      content: await readContent(read, file, mistakes.isTolerant),
    });
  }
  return found;
}

function isNameTaken(found: readonly PackageFiles[], file: DbtProjectFile, mistakes: Mistakes): boolean {
  const same = found.find(({ projectFile }) => projectFile.name === file.name);
  if (!same) return false;
  mistakes.add(`two packages are named "${file.name}"; the other is ${same.projectFile.yaml.file}`, {
    code: 'package_twice',
    origin: file.yaml.locate(['name']),
    next: 'Remove one of the two folders.',
  });
  return true;
}
