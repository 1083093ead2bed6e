import { z } from 'zod';
import type { Mistakes } from './mistakes.ts';
import { metadata, notYet, record } from './yaml-schema.ts';
import { shapeYaml, type YamlFile, type YamlPath } from './yaml-file.ts';

/** One entry of `packages:`. */
export interface PackageEntry {
  /** Folder relative to the file's own, for a `local:` package. */
  readonly local: string | undefined;
  /** How the user wrote it: `dbt-labs/dbt_utils`, a git URL, a tarball's URL. */
  readonly said: string;
  /** What its folder may be called when it is installed; the package's own name decides. */
  readonly folderNames: readonly string[];
  /** Whether one of `folderNames` is certain, as it is not for a git repository. */
  readonly isNamed: boolean;
  readonly path: YamlPath;
}

const rendered = z.union([z.string(), z.number(), z.array(z.string())]).optional();
type Rendered = string | number | readonly string[] | undefined;

/** An entry of `packages:` as it is written. */
export type RawPackage =
  | { readonly local: string }
  | {
      readonly package: string;
      readonly version?: Rendered;
      readonly 'install-prerelease'?: unknown;
      readonly install_prerelease?: unknown;
    }
  | {
      readonly git: string;
      readonly revision?: Rendered;
      readonly subdirectory?: string | undefined;
      readonly name?: string | undefined;
    }
  | { readonly tarball: string; readonly name: string }
  | { readonly private: string; readonly revision?: Rendered; readonly subdirectory?: string | undefined };

const entry: z.ZodType<RawPackage> = z.union([
  record({ local: z.string() }),
  record({
    package: z.string(),
    version: rendered,
    'install-prerelease': metadata,
    install_prerelease: metadata,
  }),
  record({
    git: z.string(),
    revision: rendered,
    subdirectory: z.string().optional(),
    'warn-unpinned': metadata,
    warn_unpinned: metadata,
    name: z.string().optional(),
  }),
  record({ tarball: z.string(), name: z.string() }),
  record({
    private: z.string(),
    revision: rendered,
    provider: metadata,
    subdirectory: z.string().optional(),
  }),
]);

const file = record({
  packages: z.array(entry).nullish(),
  projects: notYet('build the other project in a Millrace project of its own and read its tables as sources'),
});

/** The entries of a `packages.yml` or `dependencies.yml` as they are written. */
export function rawPackages(yaml: YamlFile, value: unknown, mistakes: Mistakes): readonly RawPackage[] {
  return shapeYaml(yaml, value ?? {}, file, mistakes)?.packages ?? [];
}

/** Checks a `packages.yml` or `dependencies.yml` whose Jinja was already rendered into `value`. */
export function shapePackages(yaml: YamlFile, value: unknown, mistakes: Mistakes): readonly PackageEntry[] {
  const raw = shapeYaml(yaml, value ?? {}, file, mistakes);
  return (raw?.packages ?? []).map((item, index): PackageEntry => {
    const path = ['packages', index];
    if ('local' in item) return { local: item.local, said: item.local, folderNames: [], isNamed: true, path };
    if ('package' in item) return { ...installed(item.package, item.package, path), isNamed: true };
    if ('tarball' in item)
      return { ...installed(item.tarball, item.name, path), folderNames: [item.name], isNamed: true };
    const url = 'git' in item ? item.git : item.private;
    return installed(url, item.subdirectory ?? url, path);
  });
}

function installed(said: string, location: string, path: YamlPath): PackageEntry {
  const last =
    location
      .replace(/\/+$/, '')
      .replace(/\.git$/, '')
      .split('/')
      .at(-1) ?? location;
  const name = last.replaceAll('-', '_');
  return {
    local: undefined,
    said,
    folderNames: [last, name, name.replace(/^dbt_/, '')],
    isNamed: false,
    path,
  };
}
