import { access, readdir, readFile } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { decodeText } from '../../config/text-file.ts';
import { ConfigError } from '../../core/errors.ts';

/** A text file of the dbt project. */
export interface ProjectFile {
  /** Relative to the Millrace project folder, forward slashes: what errors and the page show. */
  readonly file: string;
  /** Folders between the configured path (such as `models`) and the file. */
  readonly folders: readonly string[];
  /** File name without its extension. */
  readonly name: string;
  readonly text: string;
}

/** Files that are read side by side; a process may commonly open 1,024. */
const maxOpenFiles = 64;

/**
 * Every file with one of `extensions` under `paths` (relative to `dbtFolder`), sorted by path.
 * A path that does not exist holds nothing, as in dbt.
 */
export async function readProjectFiles(
  projectFolder: string,
  dbtFolder: string,
  paths: readonly string[],
  extensions: readonly string[],
): Promise<readonly ProjectFile[]> {
  const wanted: (Omit<ProjectFile, 'text'> & { readonly absolute: string })[] = [];
  for (const path of new Set(paths)) {
    const root = join(dbtFolder, path);
    for (const absolute of await filesBelow(projectFolder, root)) {
      const extension = extensions.find((candidate) => absolute.endsWith(candidate));
      if (extension === undefined) continue;
      const parts = relative(root, absolute).split(sep);
      wanted.push({
        absolute,
        file: projectPath(projectFolder, absolute),
        folders: parts.slice(0, -1),
        name: (parts.at(-1) ?? '').slice(0, -extension.length),
      });
    }
  }
  const found: ProjectFile[] = [];
  for (let start = 0; start < wanted.length; start += maxOpenFiles) {
    const batch = wanted.slice(start, start + maxOpenFiles);
    const texts = await Promise.all(batch.map(({ absolute }) => readText(projectFolder, absolute)));
    found.push(
      ...batch.map(({ file, folders, name }, index) => ({ file, folders, name, text: texts[index] ?? '' })),
    );
  }
  return found;
}

/** Reads one file; a `file_unreadable` ConfigError names it when that fails. */
export async function readText(projectFolder: string, absolute: string): Promise<string> {
  const file = projectPath(projectFolder, absolute);
  const bytes = await readFile(absolute).catch((cause: unknown) => {
    throw unreadable('the file', file, cause);
  });
  return decodeText(bytes, file);
}

/** Reads one file that need not be there. */
export async function readTextIfThere(projectFolder: string, absolute: string): Promise<string | undefined> {
  const isThere = await access(absolute).then(
    () => true,
    (error: unknown) => codeOf(error) !== 'ENOENT',
  );
  return isThere ? await readText(projectFolder, absolute) : undefined;
}

/** `absolute` as the user sees it: relative to the project folder, with forward slashes. */
export function projectPath(projectFolder: string, absolute: string): string {
  return relative(projectFolder, absolute).split(sep).join('/');
}

async function filesBelow(projectFolder: string, folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true }).catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return [];
    throw unreadable('the folder or one in it', projectPath(projectFolder, folder), error);
  });
  return entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

function unreadable(what: string, file: string, cause: unknown): ConfigError {
  return new ConfigError(`${what} cannot be read: ${reasonOf(cause)}`, {
    code: 'file_unreadable',
    origin: { file },
    cause,
  });
}

function reasonOf(error: unknown): string {
  switch (codeOf(error)) {
    case 'ENOENT':
      return 'there is no such file';
    case 'EACCES':
      return 'no permission';
    case 'EISDIR':
      return 'it is a folder';
    default:
      return error instanceof Error ? error.message : String(error);
  }
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error ? String(error.code) : undefined;
}
