import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { RenderContext } from '../jinja/index.ts';
import type { Mistakes } from '../files/mistakes.ts';
import { type RawPackage, rawPackages } from '../files/packages-file.ts';
import { projectPath, readText } from '../files/project-files.ts';
import { parseYamlFile } from '../files/yaml-file.ts';
import { ConfigError } from '../../core/errors.ts';
import { renderYamlValues } from '../reading/rendered-yaml.ts';
import type { PackageSpec, SpecPlace } from './package-spec.ts';

const fileNames = ['packages.yml', 'dependencies.yml'];

/** The packages that the project in `folder` asks for, as written and as read. */
export async function requestedPackages(
  projectFolder: string,
  folder: string,
  context: RenderContext,
  mistakes: Mistakes,
): Promise<{ readonly specs: readonly PackageSpec[]; readonly written: readonly RawPackage[] }> {
  const present = await readdir(folder);
  const specs: PackageSpec[] = [];
  const written: RawPackage[] = [];
  for (const name of fileNames.filter((candidate) => present.includes(candidate))) {
    const path = join(folder, name);
    const file = projectPath(projectFolder, path);
    const yaml = parseYamlFile(file, await readText(projectFolder, path), mistakes);
    if (!yaml) continue;
    const value = renderYamlValues(yaml, context, () => false, mistakes);
    for (const [index, item] of rawPackages(yaml, value, mistakes).entries()) {
      const { line } = yaml.locate(['packages', index]);
      const at: SpecPlace = {
        file,
        folder,
        path: ['packages', index],
        ...(line === undefined ? {} : { line }),
      };
      try {
        specs.push(specOf(item, at));
        written.push(item);
      } catch (error) {
        mistakes.caught(error);
      }
    }
  }
  return { specs, written };
}

function specOf(item: RawPackage, at: SpecPlace): PackageSpec {
  if ('local' in item) return { type: 'local', path: item.local, at };
  if ('package' in item) {
    const versions = listOf(item.version);
    if (versions.length === 0) {
      throw new ConfigError(`the package "${item.package}" needs a "version"`, {
        code: 'package_invalid',
        origin: { file: at.file, ...(at.line === undefined ? {} : { line: at.line }) },
      });
    }
    const allowsPrerelease = item.install_prerelease === true || item['install-prerelease'] === true;
    return { type: 'hub', name: item.package, versions, allowsPrerelease, at };
  }
  if ('tarball' in item) return { type: 'tarball', url: item.tarball, name: item.name, at };
  if ('git' in item) {
    return {
      type: 'git',
      url: item.git,
      revisions: listOf(item.revision),
      subdirectory: item.subdirectory,
      at,
    };
  }
  throw new ConfigError(`"private: ${item.private}" needs a provider that dbt Cloud knows`, {
    code: 'not_supported',
    origin: { file: at.file, ...(at.line === undefined ? {} : { line: at.line }) },
    next: 'Write "git:" with the URL of the repository.',
  });
}

function listOf(value: string | number | readonly string[] | undefined): readonly string[] {
  if (value === undefined) return [];
  return (Array.isArray(value) ? value : [value])
    .map(String)
    .flatMap((text) => text.split(','))
    .map((text) => text.trim());
}
