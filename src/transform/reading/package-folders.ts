import { access, readdir, realpath } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { RenderContext } from '../jinja/index.ts';
import type { Mistakes } from '../files/mistakes.ts';
import { type PackageEntry, shapePackages } from '../files/packages-file.ts';
import { projectPath, readText } from '../files/project-files.ts';
import { parseYamlFile, type YamlFile } from '../files/yaml-file.ts';
import { renderYamlValues } from './rendered-yaml.ts';

const packageFiles = ['packages.yml', 'dependencies.yml'];

interface Search {
  readonly projectFolder: string;
  readonly dbtFolder: string;
  /** Absolute folder of installed packages. */
  readonly installFolder: string;
  readonly context: RenderContext;
  readonly mistakes: Mistakes;
}

/**
 * The folders of the packages that a project names, and of those that these name in turn: `local:` ones where they lie,
 * the others where `millrace deps` puts them, with everything else that lies there, but for dbt's links to local ones. Adds a
 * mistake for each one that is not there.
 */
export async function packageFolders(search: Search): Promise<readonly string[]> {
  const installed = await foldersIn(search.installFolder);
  const found = new Set<string>();
  const missing: Missing[] = [];
  const waiting = [search.dbtFolder];
  for (let folder = waiting.pop(); folder !== undefined; folder = waiting.pop()) {
    for (const { entry, yaml } of await entriesOf(search, folder)) {
      const at = await locate(search, entry, folder, installed);
      if (at === undefined) {
        missing.push({ entry, yaml });
      } else if (!found.has(at) && at !== search.dbtFolder) {
        found.add(at);
        waiting.push(at);
      }
    }
  }
  const places = new Set(await Promise.all([...found].map((folder) => realpath(folder))));
  const others: string[] = [];
  for (const folder of installed.map((name) => join(search.installFolder, name))) {
    if (!found.has(folder) && !places.has(await realpath(folder))) others.push(folder);
  }
  const unknown = missing.filter(({ entry }) => entry.isNamed);
  const guessed = missing.filter(({ entry }) => !entry.isNamed).slice(others.length);
  for (const { entry, yaml } of [...unknown, ...guessed]) reportMissing(search, entry, yaml);
  return [...found, ...others].sort();
}

interface Missing {
  readonly entry: PackageEntry;
  readonly yaml: YamlFile;
}

async function entriesOf(search: Search, folder: string): Promise<readonly Missing[]> {
  const names = await readdir(folder);
  const found = [];
  for (const name of packageFiles.filter((file) => names.includes(file))) {
    const path = join(folder, name);
    const text = await readText(search.projectFolder, path);
    const yaml = parseYamlFile(projectPath(search.projectFolder, path), text, search.mistakes);
    if (!yaml) continue;
    const value = renderYamlValues(yaml, search.context, () => false, search.mistakes);
    found.push(...shapePackages(yaml, value, search.mistakes).map((entry) => ({ entry, yaml })));
  }
  return found;
}

async function locate(
  search: Search,
  entry: PackageEntry,
  folder: string,
  installed: readonly string[],
): Promise<string | undefined> {
  if (entry.local !== undefined) {
    const at = resolve(folder, entry.local);
    return (await isProject(at)) ? at : undefined;
  }
  const name = entry.folderNames.find((candidate) => installed.includes(candidate));
  return name === undefined ? undefined : join(search.installFolder, name);
}

function reportMissing(search: Search, entry: PackageEntry, yaml: YamlFile): void {
  const folder = projectPath(search.projectFolder, search.installFolder);
  search.mistakes.add(
    entry.local === undefined
      ? `the package "${entry.said}" is not in ${folder}`
      : `there is no dbt project in the local package "${entry.said}"`,
    {
      code: 'package_missing',
      origin: yaml.locate(entry.path),
      next:
        entry.local === undefined
          ? 'Run: millrace deps'
          : 'Correct the path; it is relative to the folder of this file.',
    },
  );
}

async function foldersIn(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder).catch((): string[] => []);
  const found = [];
  for (const name of entries) if (await isProject(join(folder, name))) found.push(name);
  return found;
}

async function isProject(folder: string): Promise<boolean> {
  return await access(join(folder, 'dbt_project.yml')).then(
    () => true,
    () => false,
  );
}
