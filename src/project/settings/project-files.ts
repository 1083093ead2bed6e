import { readdir, readFile } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { decodeText } from '../../config/text-file.ts';
import { ConfigError } from '../../core/errors.ts';

/**
 * Paths of the files below `folder` whose names end with one of `extensions`, relative to the project, with
 * forward slashes, sorted. A folder that is not there holds nothing.
 * @throws ConfigError when a folder cannot be looked into: what it defines would be missing in silence
 */
export async function filesBelow(
  projectFolder: string,
  folder: string,
  extensions: readonly string[],
): Promise<readonly string[]> {
  const root = join(projectFolder, folder);
  const names = await readdir(root, { recursive: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw unreadable(relative(projectFolder, error.path ?? root), error);
  });
  return names
    .filter((name) => extensions.some((extension) => name.endsWith(extension)))
    .map((name) => `${folder}/${name.split(sep).join('/')}`)
    .sort();
}

/** @throws ConfigError naming the file */
export async function readText(projectFolder: string, path: string): Promise<string> {
  const bytes = await readFile(join(projectFolder, ...path.split('/'))).catch((error: unknown) => {
    throw unreadable(path, error);
  });
  return decodeText(bytes, path);
}

/** @param path relative to the project */
export function unreadable(path: string, cause: unknown): ConfigError {
  const code = (cause as NodeJS.ErrnoException).code ?? String(cause);
  return new ConfigError(`cannot be read (${code})`, {
    code: 'file_unreadable',
    origin: { file: path.split(sep).join('/') },
    ...(code === 'EACCES' ? { next: 'Let this user read it' } : {}),
    cause,
  });
}
