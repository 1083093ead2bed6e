import { join } from 'node:path';
import type { RenderContext } from '../jinja/index.ts';
import { type DatasetDimension, type DatasetsFile, shapeDatasets } from '../files/datasets-file.ts';
import type { Mistakes } from '../files/mistakes.ts';
import { type ProjectFile, projectPath, readTextIfThere } from '../files/project-files.ts';
import { didYouMean } from '../files/suggestion.ts';
import { parseYamlFile } from '../files/yaml-file.ts';
import type { PackageContent, PackageFiles } from './package-reader.ts';
import { withinFolder } from './recorded-calls.ts';
import { renderYamlValues } from './rendered-yaml.ts';

/** The files of a package: those of what is built once, and those of what is built for each dataset of a dimension. */
export interface PackageParts {
  readonly once: PackageContent;
  readonly repeated: readonly {
    readonly dimension: DatasetDimension;
    readonly content: PackageContent;
  }[];
}

/** Reads `datasets.yml` beside the `dbt_project.yml` in `folder`; undefined when there is none. */
export async function readDatasets(
  projectFolder: string,
  folder: string,
  context: RenderContext,
  mistakes: Mistakes,
): Promise<DatasetsFile | undefined> {
  const path = join(folder, 'datasets.yml');
  const text = await readTextIfThere(projectFolder, path);
  if (text === undefined) return undefined;
  const yaml = parseYamlFile(projectPath(projectFolder, path), text, mistakes);
  if (!yaml) return undefined;
  return shapeDatasets(
    yaml,
    renderYamlValues(yaml, context, () => false, mistakes),
    mistakes,
  );
}

/** Adds a mistake for each folder that holds nothing and each package that does not exist. */
export function checkDatasets(
  { yaml, dimensions }: DatasetsFile,
  packages: readonly PackageFiles[],
  path: string,
  mistakes: Mistakes,
): void {
  const [root, ...others] = packages;
  const names = others.map(({ projectFile }) => projectFile.name);
  const files = root ? Object.values(root.content).flat() : [];
  for (const { name, folders, packages: wanted } of dimensions) {
    folders.forEach((folder, index) => {
      if (files.some((file: ProjectFile) => isWithin(file, path, folder))) return;
      mistakes.add(`the folder "${folder}" holds nothing that could be built for each ${name}`, {
        code: 'datasets_invalid',
        origin: yaml.locate(['datasets', name, 'folders', index]),
        next: 'Folders are relative to dbt_project.yml, such as models/cleaning.',
      });
    });
    const otherDimensions = dimensions.filter((other) => other.name !== name);
    folders.forEach((folder, index) => {
      const other = otherDimensions.find((candidate) =>
        candidate.folders.some((within) => overlap(folder, within)),
      );
      if (!other) return;
      mistakes.add(`the folder "${folder}" is built for each ${other.name}, too`, {
        code: 'datasets_invalid',
        origin: yaml.locate(['datasets', name, 'folders', index]),
        next: 'Name each folder once.',
      });
    });
    wanted.forEach((packageName, index) => {
      if (names.includes(packageName)) return;
      mistakes.add(`there is no package "${packageName}"${didYouMean(packageName, names)}`, {
        code: 'package_missing',
        origin: yaml.locate(['datasets', name, 'packages', index]),
      });
    });
  }
}

/** Divides the files of a package, whose folder is `path` relative to the Millrace project. */
export function divideContent(
  { content, projectFile }: PackageFiles,
  path: string,
  isRoot: boolean,
  dimensions: readonly DatasetDimension[],
): PackageParts {
  const ownerOf = (file: ProjectFile): DatasetDimension | undefined =>
    dimensions.find(({ folders, packages }) =>
      isRoot ? folders.some((folder) => isWithin(file, path, folder)) : packages.includes(projectFile.name),
    );
  const partOf = (dimension: DatasetDimension | undefined): PackageContent => {
    const own = (files: readonly ProjectFile[]): readonly ProjectFile[] =>
      files.filter((file) => ownerOf(file) === dimension);
    return {
      ...content,
      models: own(content.models),
      seeds: own(content.seeds),
      snapshots: own(content.snapshots),
      analyses: own(content.analyses),
      tests: own(content.tests),
      properties: own(content.properties),
    };
  };
  const owners = new Set(Object.values(content).flat().map(ownerOf));
  return {
    once: owners.size === 1 && owners.has(undefined) ? content : partOf(undefined),
    repeated: [...owners].flatMap((dimension) =>
      dimension ? [{ dimension, content: partOf(dimension) }] : [],
    ),
  };
}

function isWithin({ file }: ProjectFile, path: string, folder: string): boolean {
  return withinFolder(file, path).startsWith(`${folder}/`);
}

function overlap(one: string, other: string): boolean {
  return `${one}/`.startsWith(`${other}/`) || `${other}/`.startsWith(`${one}/`);
}
