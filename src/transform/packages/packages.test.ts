import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { create } from 'tar';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { installDependencies } from '../dependencies.ts';
import { newestFitting } from './version-range.ts';

let folder: string;
let hub: Server;
let hubUrl: string;
/** Answers of the hub by path; a number is a status. */
let answers: Map<string, Buffer | number>;
let asked: string[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-packages-'));
  answers = new Map();
  asked = [];
  hub = createServer((request, response) => {
    asked.push(request.url ?? '');
    const answer = answers.get(request.url ?? '') ?? 404;
    response.statusCode = typeof answer === 'number' ? answer : 200;
    response.end(typeof answer === 'number' ? '' : answer);
  });
  await new Promise<void>((resolve) => hub.listen(0, '127.0.0.1', resolve));
  hubUrl = `http://127.0.0.1:${(hub.address() as AddressInfo).port}`;
});
afterEach(async () => {
  await new Promise((resolve) => hub.close(resolve));
  await rm(folder, { recursive: true, force: true });
});

async function write(files: Readonly<Record<string, string>>, under = 'project'): Promise<string> {
  for (const [path, text] of Object.entries(files)) {
    const file = join(folder, under, path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, text);
  }
  return join(folder, under);
}

async function tarball(name: string, files: Readonly<Record<string, string>>): Promise<Buffer> {
  await write(files, `sources/${name}`);
  await create({ gzip: true, file: join(folder, `${name}.tgz`), cwd: join(folder, 'sources') }, [name]);
  return await readFile(join(folder, `${name}.tgz`));
}

async function publish(
  name: string,
  version: string,
  files: Readonly<Record<string, string>> = {},
): Promise<void> {
  const short = name.split('/').at(-1) ?? '';
  const path = `/${short}-${version}.tgz`;
  const all = { 'dbt_project.yml': `name: ${short}\nversion: "${version}"\n`, ...files };
  answers.set(path, await tarball(`${short}-${version}`, all));
  const known = answers.get(`/api/v1/${name}.json`);
  const before = Buffer.isBuffer(known)
    ? (JSON.parse(known.toString()) as { versions: object }).versions
    : {};
  const entry = { name: short, downloads: { tarball: `${hubUrl}${path}` } };
  const body = { name: short, versions: { ...before, [version]: entry } };
  answers.set(`/api/v1/${name}.json`, Buffer.from(JSON.stringify(body)));
}

async function install(
  options: { isUpgrade?: boolean; isLockOnly?: boolean } = {},
): ReturnType<typeof installDependencies> {
  return await installDependencies({
    folder: join(folder, 'project'),
    environment: { DBT_PACKAGE_HUB_URL: hubUrl },
    vars: {},
    isUpgrade: options.isUpgrade ?? false,
    isLockOnly: options.isLockOnly ?? false,
    log: () => {},
  });
}

const installed = (): Promise<string[]> => readdir(join(folder, 'project', 'dbt_packages')).catch(() => []);

describe('packages of the hub', () => {
  beforeEach(async () => {
    await publish('labs/utils', '1.0.0');
    await publish('labs/utils', '1.2.0');
    await publish('labs/utils', '1.3.0-rc1');
    await publish('labs/utils', '2.0.0');
  });

  test('the newest version that fits everybody is installed and written down', async () => {
    await publish('labs/dates', '0.1.0', {
      'packages.yml': 'packages: [{ package: labs/utils, version: "<2.0.0" }]\n',
    });
    await write({
      'dbt_project.yml': 'name: shop\n',
      'packages.yml':
        'packages:\n  - { package: labs/dates, version: 0.1.0 }\n  - { package: labs/utils, version: [">=1.0.0", "<3.0.0"] }\n',
    });
    expect(await install()).toEqual([
      { type: 'hub', name: 'labs/dates', version: '0.1.0' },
      { type: 'hub', name: 'labs/utils', version: '1.2.0' },
    ]);
    expect((await installed()).toSorted()).toEqual(['dates', 'utils']);
    const lock = await readFile(join(folder, 'project', 'package-lock.yml'), 'utf8');
    expect(lock).toContain('package: labs/utils\n    version: 1.2.0');
    expect(lock).toMatch(/sha1_hash: [0-9a-f]{40}/);
  });

  test('the lock file is followed until packages.yml changes or an upgrade is asked for', async () => {
    const files = {
      'dbt_project.yml': 'name: shop\n',
      'packages.yml': 'packages: [{ package: labs/utils, version: ">=1.0.0,<2.0.0" }]\n',
    };
    await write(files);
    await install();
    await publish('labs/utils', '1.9.0');
    expect(await install()).toMatchObject([{ version: '1.2.0' }]);
    expect(await install({ isUpgrade: true })).toMatchObject([{ version: '1.9.0' }]);
    await write({ ...files, 'packages.yml': 'packages: [{ package: labs/utils, version: 1.0.0 }]\n' });
    expect(await install()).toMatchObject([{ version: '1.0.0' }]);
    expect(await readFile(join(folder, 'project/dbt_packages/utils/dbt_project.yml'), 'utf8')).toContain(
      '1.0.0',
    );
  });

  test('with --lock nothing is installed', async () => {
    await write({
      'dbt_project.yml': 'name: shop\n',
      'packages.yml': 'packages: [{ package: labs/utils, version: 1.0.0 }]\n',
    });
    await install({ isLockOnly: true });
    expect(await installed()).toEqual([]);
  });

  test('what does not fit or is not there is told with its line, and what was installed stays', async () => {
    await write({
      'dbt_project.yml': 'name: shop\n',
      'packages.yml': 'packages:\n  - { package: labs/utils, version: 1.0.0 }\n',
    });
    await install();
    await write({ 'packages.yml': 'packages:\n  - { package: labs/utils, version: ">9.0.0" }\n' });
    await expect(install()).rejects.toMatchObject({
      message: expect.stringContaining('no version of labs/utils fits >9.0.0; there are 1.0.0, 1.2.0'),
      origin: { file: 'packages.yml', line: 2 },
    });
    await write({ 'packages.yml': 'packages:\n  - { package: labs/nothing, version: 1.0.0 }\n' });
    await expect(install()).rejects.toMatchObject({ code: 'package_missing' });
    expect(await installed()).toEqual(['utils']);
  });

  test('a hub that is out of order is asked again, then is a transient error', async () => {
    await write({
      'dbt_project.yml': 'name: shop\n',
      'packages.yml': 'packages: [{ package: labs/broken, version: 1.0.0 }]\n',
    });
    answers.set('/api/v1/labs/broken.json', 503);
    await expect(install()).rejects.toMatchObject({ kind: 'transient', code: 'download_failed' });
    expect(asked.filter((path) => path.includes('broken'))).toHaveLength(3);
  });
});

describe('packages of git, of a folder and of a tarball', () => {
  function git(...args: readonly string[]): string {
    const identity = ['-c', 'user.name=me', '-c', 'user.email=me@shop.test', '-c', 'init.defaultBranch=main'];
    return execFileSync('git', [...identity, ...args], {
      cwd: join(folder, 'repository'),
      encoding: 'utf8',
    }).trim();
  }
  beforeEach(async () => {
    await write(
      { 'dbt_project.yml': 'name: tools\nversion: "1"\n', 'inner/dbt_project.yml': 'name: inner\n' },
      'repository',
    );
    git('init', '--quiet');
    git('add', '.');
    git('commit', '--quiet', '-m', 'one');
    git('tag', 'v1');
    await write({ 'dbt_project.yml': 'name: tools\nversion: "2"\n' }, 'repository');
    git('commit', '--quiet', '-am', 'two');
  });
  const url = (): string => `file://${join(folder, 'repository')}`;

  test('a tag is locked to its commit', async () => {
    await write({
      'dbt_project.yml': 'name: shop\n',
      'packages.yml': `packages: [{ git: "${url()}", revision: v1 }]\n`,
    });
    const commit = git('rev-parse', 'v1');
    expect(await install()).toEqual([{ type: 'git', url: url(), revision: commit, subdirectory: undefined }]);
    expect(await readFile(join(folder, 'project/dbt_packages/tools/dbt_project.yml'), 'utf8')).toContain(
      '"1"',
    );
  });

  test('a folder of a repository, a folder of this machine, a tarball', async () => {
    await write({ 'dbt_project.yml': 'name: near\n' }, 'near');
    answers.set('/far.tgz', await tarball('far', { 'dbt_project.yml': 'name: far\n' }));
    await write({
      'dbt_project.yml': 'name: shop\n',
      'packages.yml': `packages:\n  - { git: "${url()}", subdirectory: inner }\n  - { local: ../near }\n  - { tarball: "${hubUrl}/far.tgz", name: far }\n`,
    });
    expect((await install()).map(({ type }) => type)).toEqual(['git', 'local', 'tarball']);
    expect((await installed()).toSorted()).toEqual(['far', 'inner']);
  });

  test('a revision that is not there, and one repository at two revisions', async () => {
    await write({
      'dbt_project.yml': 'name: shop\n',
      'packages.yml': `packages: [{ git: "${url()}", revision: nowhere }]\n`,
    });
    await expect(install()).rejects.toMatchObject({ code: 'revision_missing' });
    await write({
      'packages.yml': `packages:\n  - { git: "${url()}", revision: v1 }\n  - { git: "${url()}", revision: main }\n`,
    });
    await expect(install()).rejects.toThrow(/several revisions: v1, main/);
  });
});

test.each<[readonly string[], boolean, string | undefined]>([
  [['1.0.0'], false, '1.0.0'],
  [['>=1.0.0', '<2.0.0'], false, '1.10.0'],
  [['>=1.0.0', '<2.0.0'], true, '1.11.0-rc1'],
  [['1.11.0-rc1'], false, '1.11.0-rc1'],
  [['>2'], false, undefined],
])('of %j with prereleases %s: %s', (wanted, allows, expected) => {
  expect(newestFitting(['0.9.0', '1.0.0', '1.2.0', '1.10.0', '1.11.0-rc1', '2.0.0'], wanted, allows)).toBe(
    expected,
  );
});
