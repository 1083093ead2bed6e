import { mkdir, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { extract } from 'tar';
import { parse } from 'yaml';
import { ConfigError, ProjectError } from '../../core/errors.ts';
import type { RenderContext } from '../jinja/index.ts';
import { createMistakes } from '../files/mistakes.ts';
import { readText } from '../files/project-files.ts';
import { parseYamlFile } from '../files/yaml-file.ts';
import { checkOut, resolveRevision } from './git-repository.ts';
import { download, hubPackage, withoutSecrets } from './hub.ts';
import { lockFileName, lockFileText, readLockFile, requestHash } from './lock-file.ts';
import type { LockedPackage, PackageSpec } from './package-spec.ts';
import { requestedPackages } from './requests.ts';
import { newestFitting } from './version-range.ts';

export interface InstallRequest {
  /** Absolute folder of `dbt_project.yml`. */
  readonly folder: string;
  /** Absolute folder of installed packages. */
  readonly installFolder: string;
  readonly hub: string;
  /** What `packages.yml` may use. */
  readonly context: RenderContext;
  /** Whether what the lock file says is found out anew. */
  readonly isUpgrade: boolean;
  /** Whether only the lock file is written. */
  readonly isLockOnly: boolean;
  readonly log: (message: string) => void;
}

/**
 * Installs the packages that a project asks for, and those that these ask for, and writes down which ones in
 * `package-lock.yml`; one that is there and still fits is followed. Throws a ConfigError or TransientError.
 */
export async function installPackages(request: InstallRequest): Promise<readonly LockedPackage[]> {
  const { folder, installFolder, context } = request;
  const mistakes = createMistakes();
  const { specs, written } = await requestedPackages(folder, folder, context, mistakes);
  if (mistakes.issues.length > 0) throw new ProjectError(mistakes.issues);
  const hash = requestHash(written);
  const locked = request.isUpgrade ? undefined : await lockedPackages(folder, hash);
  const parent = resolve(installFolder, '..');
  await mkdir(parent, { recursive: true });
  const workFolder = await mkdtemp(join(parent, '.dbt_packages-'));
  try {
    const packages = locked ?? (await resolveAll(request, specs, workFolder));
    if (!locked) await writeFile(join(folder, lockFileName), lockFileText({ packages, hash }));
    if (!request.isLockOnly) await installAll(request, packages, workFolder);
    return packages;
  } finally {
    await rm(workFolder, { recursive: true, force: true });
  }
}

async function lockedPackages(folder: string, hash: string): Promise<readonly LockedPackage[] | undefined> {
  const path = join(folder, lockFileName);
  const isThere = await stat(path).then(
    () => true,
    () => false,
  );
  if (!isThere) return undefined;
  const mistakes = createMistakes();
  const yaml = parseYamlFile(lockFileName, await readText(folder, path), mistakes);
  const lock = yaml && readLockFile(yaml, mistakes);
  return lock?.hash === hash ? lock.packages : undefined;
}

/** Downloads what is needed to learn what packages ask for in turn, until nothing new is asked for. */
async function resolveAll(
  request: InstallRequest,
  specs: readonly PackageSpec[],
  workFolder: string,
): Promise<readonly LockedPackage[]> {
  const asked: PackageSpec[] = [...specs];
  const found = new Map<string, LockedPackage>();
  for (let count = 0; ; count += 1) {
    const keys = [...new Set(asked.map(keyOf))];
    let isComplete = true;
    for (const key of keys) {
      const same = asked.filter((spec) => keyOf(spec) === key);
      const locked = await resolveOne(request, same);
      const before = found.get(key);
      if (before && JSON.stringify(before) === JSON.stringify(locked)) continue;
      found.set(key, locked);
      isComplete = false;
      const folder = await place(request, locked, join(workFolder, `look-${count}-${found.size}`));
      const mistakes = createMistakes();
      const own = await requestedPackages(request.folder, folder, request.context, mistakes);
      if (mistakes.issues.length > 0) throw new ProjectError(mistakes.issues);
      asked.push(...own.specs);
    }
    if (isComplete) return [...found.values()];
  }
}

function keyOf(spec: PackageSpec): string {
  switch (spec.type) {
    case 'local':
      return `local ${resolve(spec.at.folder, spec.path)}`;
    case 'hub':
      return `hub ${spec.name}`;
    case 'git':
      return `git ${spec.url.replace(/\.git$/, '')} ${spec.subdirectory ?? ''}`;
    case 'tarball':
      return `tarball ${spec.name}`;
  }
}

async function resolveOne(request: InstallRequest, specs: readonly PackageSpec[]): Promise<LockedPackage> {
  const [first] = specs;
  if (!first) throw new TypeError('no package is asked for');
  switch (first.type) {
    case 'local':
      return { type: 'local', path: relative(request.folder, resolve(first.at.folder, first.path)) || '.' };
    case 'tarball':
      return { type: 'tarball', url: first.url, name: first.name };
    case 'git': {
      const revisions = [...new Set(specs.flatMap((spec) => (spec.type === 'git' ? spec.revisions : [])))];
      if (revisions.length > 1) {
        throw placed(
          first,
          `${withoutSecrets(first.url)} is asked for at several revisions: ${revisions.join(', ')}`,
        );
      }
      const revision = await resolveRevision(first.url, revisions[0] ?? 'HEAD');
      return { type: 'git', url: first.url, revision, subdirectory: first.subdirectory };
    }
    case 'hub':
      return await resolveHub(request, first, specs);
  }
}

async function resolveHub(
  { hub, log }: InstallRequest,
  first: PackageSpec & { readonly type: 'hub' },
  specs: readonly PackageSpec[],
): Promise<LockedPackage> {
  const known = await hubPackage(hub, first.name);
  if (known.movedTo !== undefined) log(`${first.name} has moved to ${known.movedTo}; change packages.yml`);
  const wanted = specs.flatMap((spec) => (spec.type === 'hub' ? spec.versions : []));
  const allowsPrerelease = specs.some((spec) => spec.type === 'hub' && spec.allowsPrerelease);
  const available = Object.keys(known.versions);
  const version = newestFitting(available, wanted, allowsPrerelease);
  if (version !== undefined) return { type: 'hub', name: first.name, version };
  throw placed(
    first,
    `no version of ${first.name} fits ${wanted.join(', ')}; there are ${available.slice(-8).join(', ') || 'none'}`,
  );
}

function placed({ at }: PackageSpec, message: string): ConfigError {
  return new ConfigError(message, {
    code: 'package_missing',
    origin: { file: at.file, ...(at.line === undefined ? {} : { line: at.line }) },
  });
}

/** Fetches a package's files and gives the folder of its `dbt_project.yml`. */
async function place(request: InstallRequest, item: LockedPackage, folder: string): Promise<string> {
  switch (item.type) {
    case 'local':
      return resolve(request.folder, item.path);
    case 'git': {
      await checkOut(item.url, item.revision, folder);
      return item.subdirectory === undefined ? folder : join(folder, item.subdirectory);
    }
    case 'tarball':
      return await unpack(item.url, folder);
    case 'hub': {
      const { versions } = await hubPackage(request.hub, item.name);
      const version = versions[item.version];
      if (!version) {
        throw new ConfigError(`the package hub has no version ${item.version} of ${item.name}`, {
          code: 'package_missing',
          next: 'Run: millrace deps --upgrade',
        });
      }
      return await unpack(version.tarball, folder);
    }
  }
}

/** A tarball holds one folder with everything in it. */
async function unpack(url: string, folder: string): Promise<string> {
  const response = await download(url);
  if (!response.ok || !response.body) {
    throw new ConfigError(`${withoutSecrets(url)} answered ${response.status}`, { code: 'download_refused' });
  }
  await mkdir(folder, { recursive: true });
  await pipeline(Readable.fromWeb(response.body), extract({ cwd: folder, strict: true }));
  const entries = await readdir(folder);
  const [only] = entries;
  return entries.length === 1 && only !== undefined ? join(folder, only) : folder;
}

/** Puts each package under its project's name; what was installed before is replaced as a whole. */
async function installAll(
  request: InstallRequest,
  packages: readonly LockedPackage[],
  workFolder: string,
): Promise<void> {
  const fresh = join(workFolder, 'installed');
  await mkdir(fresh);
  for (const [index, item] of packages.entries()) {
    if (item.type === 'local') {
      request.log(`${item.path}: local`);
      continue;
    }
    const from = await place(request, item, join(workFolder, `install-${index}`));
    const name = await projectName(from);
    await rename(from, join(fresh, name));
    request.log(
      `${name}: ${item.type === 'hub' ? item.version : item.type === 'git' ? item.revision.slice(0, 10) : item.url}`,
    );
  }
  await rm(request.installFolder, { recursive: true, force: true });
  await rename(fresh, request.installFolder);
}

async function projectName(folder: string): Promise<string> {
  const text = await readFile(join(folder, 'dbt_project.yml'), 'utf8').catch((cause: unknown) => {
    throw new ConfigError('a package has no dbt_project.yml', { code: 'package_invalid', cause });
  });
  const { name } = (parse(text) ?? {}) as { readonly name?: unknown };
  if (typeof name === 'string' && /^[A-Za-z_]\w*$/.test(name)) return name;
  throw new ConfigError('a package has no name in its dbt_project.yml', { code: 'package_invalid' });
}
