import { readFileSync } from 'node:fs';
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

/** Gives every file with one of `extensions` under `paths`, sorted by path. A path that does not exist holds nothing, as in dbt. */
export type ReadFiles = (
  paths: readonly string[],
  extensions: readonly string[],
) => Promise<readonly ProjectFile[]>;

/** Reads files of the dbt project in `dbtFolder`; each folder is listed once. */
export function fileReader(projectFolder: string, dbtFolder: string): ReadFiles {
  const listings = new Map<string, Promise<readonly string[]>>();
  const list = (root: string): Promise<readonly string[]> => {
    const listing = listings.get(root) ?? filesBelow(projectFolder, root);
    listings.set(root, listing);
    return listing;
  };
  return async (paths, extensions) => {
    const found: ProjectFile[] = [];
    for (const path of new Set(paths)) {
      const root = join(dbtFolder, path);
      for (const absolute of await list(root)) {
        const extension = extensions.find((candidate) => absolute.endsWith(candidate));
        if (extension === undefined) continue;
        const parts = relative(root, absolute).split(sep);
        found.push({
          file: projectPath(projectFolder, absolute),
          folders: parts.slice(0, -1),
          name: (parts.at(-1) ?? '').slice(0, -extension.length),
          text: readTextNow(projectFolder, absolute),
        });
      }
    }
    return found;
  };
}

/** Many small files are read several times faster one after the other than side by side. */
function readTextNow(projectFolder: string, absolute: string): string {
  const file = projectPath(projectFolder, absolute);
  try {
    return decodeText(readFileSync(absolute), file);
  } catch (error) {
    throw codeOf(error) === undefined || error instanceof ConfigError
      ? error
      : unreadable('the file', file, error);
  }
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
