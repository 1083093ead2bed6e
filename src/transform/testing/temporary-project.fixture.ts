import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { ProjectError } from '../../core/errors.ts';
import { formatOrigin } from '../../core/origin.ts';
import { readTransformProject, type TransformProject } from '../project.ts';
import type { TransformOptions } from '../reading/transform-options.ts';

/** Files by path relative to the dbt project. */
export type Files = Readonly<Record<string, string>>;

export interface TemporaryProject {
  readonly folder: string;
  write(files: Files): Promise<void>;
  remove(path: string): Promise<void>;
  read(options?: Partial<TransformOptions>): Promise<TransformProject>;
  drop(): Promise<void>;
}

const bareProject = 'name: shop\nversion: "1.0"\nconfig-version: 2\n';

/** A dbt project in a folder of its own; without a `dbt_project.yml` it gets the smallest one. */
export async function temporaryProject(files: Files): Promise<TemporaryProject> {
  const root = await mkdtemp(join(tmpdir(), 'millrace-transform-'));
  const folder = join(root, 'transform');
  const write = async (added: Files): Promise<void> => {
    for (const [path, text] of Object.entries(added)) {
      const absolute = join(folder, path);
      await mkdir(dirname(absolute), { recursive: true });
      await writeFile(absolute, text);
    }
  };
  await write({ 'dbt_project.yml': bareProject, ...files });
  return {
    folder,
    write,
    remove: (path) => rm(join(folder, path)),
    read: (options = {}) =>
      readTransformProject({
        projectFolder: root,
        folder,
        connection: 'WAREHOUSE',
        dialectName: 'duckdb',
        database: '',
        schema: 'main',
        environment: {},
        ...options,
      }),
    drop: () => rm(root, { recursive: true, force: true }),
  };
}

/** Reads a project of `files` alone. */
export async function readFiles(
  files: Files,
  options?: Partial<TransformOptions>,
): Promise<TransformProject> {
  const project = await temporaryProject(files);
  try {
    return await project.read(options);
  } finally {
    await project.drop();
  }
}

/** What is wrong with a project of `files`: one `file:line:column: message` per mistake. */
export async function mistakesOf(
  files: Files,
  options?: Partial<TransformOptions>,
): Promise<readonly string[]> {
  try {
    await readFiles(files, options);
    return [];
  } catch (error) {
    if (!(error instanceof ProjectError)) throw error;
    return error.issues.map((issue) =>
      issue.origin ? `${formatOrigin(issue.origin)}: ${issue.message}` : issue.message,
    );
  }
}
