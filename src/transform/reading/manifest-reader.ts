import { join } from 'node:path';
import { ProjectError } from '../../core/errors.ts';
import { builtinMacros } from '../builtin/index.ts';
import type { Macros } from '../context/macro-set.ts';
import { yamlContext } from '../context/node-context.ts';
import type { ProjectScope } from '../context/render-scope.ts';
import { packageVariables } from '../context/variables.ts';
import type { DatasetDimension } from '../files/datasets-file.ts';
import type { DbtProjectFile } from '../files/dbt-project-file.ts';
import { createMistakes, type Mistakes } from '../files/mistakes.ts';
import { projectPath } from '../files/project-files.ts';
import type { Dataset } from '../manifest/dataset.ts';
import { assembleManifest } from './assembly.ts';
import { checkDatasets, readDatasets } from './dataset-parts.ts';
import { readDocs } from './docs-reader.ts';
import { readMacros } from './macro-reader.ts';
import type { Manifest } from './manifest.ts';
import { packageFolders } from './package-folders.ts';
import { readParts } from './package-parts.ts';
import { isGenericTest, type PackageFiles, readContent, readProjectFile } from './package-reader.ts';
import { bareScope, projectScope } from './project-scope.ts';
import type { TransformOptions } from './transform-options.ts';
import { reportUnsupportedFiles } from './unsupported-files.ts';

/** Reads a whole dbt project with its packages. Throws one ProjectError with everything that is wrong. */
export async function readManifest(options: TransformOptions): Promise<Manifest> {
  const mistakes = createMistakes(options.toleratesUndefined);
  const packages = await readPackageFiles(options, mistakes);
  const [root] = packages;
  if (!root) throw new ProjectError(mistakes.issues);
  const macros = new Map(
    packages.map(({ content, projectFile }): [string, Macros] => {
      const files = [...content.macros, ...content.tests.filter((file) => isGenericTest(file))];
      return [projectFile.name, readMacros(files, projectFile === root.projectFile, mistakes)];
    }),
  );
  const packageVersions = Object.fromEntries(
    packages.map(({ projectFile }) => [projectFile.name, projectFile.version ?? '']),
  );
  const scopeOf = ({ projectFile }: PackageFiles, dataset?: Dataset, schema = options.schema): ProjectScope =>
    projectScope(
      { ...options, schema },
      root.projectFile.name,
      { ...packageVariables(root.projectFile, projectFile, options.vars ?? {}), ...dataset?.vars },
      {
        local: projectFile.name,
        root: root.projectFile.name,
        adapterType: options.dialectName,
        packages: macros,
        builtin: builtinMacros(options.dialectName, schema),
        searchOrders: root.projectFile.dispatch,
      },
      { quoting: root.projectFile.quoting, packageVersions },
    );
  const blocks = packages.flatMap(({ content, projectFile }) =>
    readDocs(projectFile.name, content.docs, mistakes),
  );
  const docs = new Map(blocks.toReversed().map(({ name, text }) => [name, text]));
  const dimensions = await readDimensions(options, packages, scopeOf(root), mistakes);
  const read = packages.flatMap((files) =>
    readParts(
      {
        files,
        path: projectPath(options.projectFolder, files.folder),
        rootFile: files === root ? undefined : root.projectFile,
        targetSchema: options.schema,
        scopeOf: (dataset, schema) => scopeOf(files, dataset, schema),
        docs,
        mistakes,
      },
      dimensions,
    ),
  );
  const manifest = assembleManifest(read, blocks, mistakes);
  if (mistakes.issues.length > 0) throw new ProjectError(mistakes.issues);
  return manifest;
}

async function readDimensions(
  options: TransformOptions,
  packages: readonly PackageFiles[],
  scope: ProjectScope,
  mistakes: Mistakes,
): Promise<readonly DatasetDimension[]> {
  const { projectFolder, folder } = options;
  const known = mistakes.issues.length;
  const datasets = await readDatasets(projectFolder, folder, yamlContext(scope), mistakes);
  if (datasets) checkDatasets(datasets, packages, projectPath(projectFolder, folder), mistakes);
  // What is wrong with datasets would come up again in everything that is built for them.
  if (mistakes.issues.length > known) throw new ProjectError(mistakes.issues);
  return datasets?.dimensions ?? [];
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
    await reportUnsupportedFiles(projectFolder, at, file, mistakes);
    found.push({ folder: at, projectFile: file, content: await readContent(projectFolder, at, file) });
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
