import { createHash } from 'node:crypto';
import { stringify } from 'yaml';
import { z } from 'zod';
import type { Mistakes } from '../files/mistakes.ts';
import { shapeYaml, type YamlFile } from '../files/yaml-file.ts';
import type { LockedPackage } from './package-spec.ts';

export const lockFileName = 'package-lock.yml';

export interface LockFile {
  readonly packages: readonly LockedPackage[];
  /** Hash of what was asked for when the file was written. */
  readonly hash: string;
}

const entry = z.union([
  z.looseObject({ local: z.string() }),
  z.looseObject({ package: z.string(), version: z.union([z.string(), z.number()]) }),
  z.looseObject({ git: z.string(), revision: z.string(), subdirectory: z.string().optional() }),
  z.looseObject({ tarball: z.string(), name: z.string() }),
]);
const schema = z.looseObject({ packages: z.array(entry).nullish(), sha1_hash: z.string() });

/** Reads `package-lock.yml`, of dbt's or Millrace's writing. */
export function readLockFile(yaml: YamlFile, mistakes: Mistakes): LockFile | undefined {
  const raw = shapeYaml(yaml, yaml.value, schema, mistakes);
  if (!raw) return undefined;
  return {
    hash: raw.sha1_hash,
    packages: (raw.packages ?? []).map((item): LockedPackage => {
      if ('local' in item) return { type: 'local', path: String(item.local) };
      if ('package' in item)
        return { type: 'hub', name: String(item.package), version: String(item.version) };
      if ('tarball' in item) return { type: 'tarball', url: String(item.tarball), name: String(item.name) };
      const { subdirectory } = item;
      return { type: 'git', url: item.git, revision: item.revision, subdirectory };
    }),
  };
}

/** The text of a `package-lock.yml` that dbt reads too. */
export function lockFileText({ packages, hash }: LockFile): string {
  return stringify({ packages: packages.map((item) => writtenEntry(item)), sha1_hash: hash });
}

function writtenEntry(item: LockedPackage): Readonly<Record<string, string>> {
  switch (item.type) {
    case 'local':
      return { local: item.path };
    case 'hub':
      return { package: item.name, version: item.version };
    case 'tarball':
      return { tarball: item.url, name: item.name };
    case 'git':
      return {
        git: item.url,
        revision: item.revision,
        ...(item.subdirectory === undefined ? {} : { subdirectory: item.subdirectory }),
      };
  }
}

/** Hash of the entries that a project asks for, so that a lock file that no longer fits is seen. */
export function requestHash(entries: readonly unknown[]): string {
  const texts = entries.map((item) => JSON.stringify(item)).sort();
  return createHash('sha1').update(texts.join('\n')).digest('hex');
}
