import { constants } from 'node:fs';
import { access, glob, stat } from 'node:fs/promises';
import { join, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ConfigError, FatalError, MillraceError, TransientError } from '../../../core/errors.ts';

/** A file as it was when it was looked at. */
export interface SourceFile {
  readonly path: string;
  readonly bytes: number;
  readonly changedAtMs: number;
  /** What messages call it, when that is not its path. */
  readonly place?: string;
  /** What it is, when its name cannot tell. */
  readonly format?: string;
}

/** `file:///data/a.csv` is absolute, `file://data/a.csv` and `data/a.csv` are relative. */
export function pathOfUrl(text: string): string {
  if (text.startsWith('file:///'))
    return fileURLToPath(text.replaceAll('%', '%25').replaceAll('?', '%3F').replaceAll('#', '%23'));
  return text.replace(/^file:\/\//, '');
}

const wildcards = /[*?[{]/;

/** The files that a stream's name means, sorted by path; `*` and `**` stand for names and folders, a folder for all in it. */
export async function findFiles(streamName: string, folder: string): Promise<readonly SourceFile[]> {
  const pattern = resolve(folder, pathOfUrl(streamName));
  const paths = wildcards.test(pattern) ? await matchingPaths(pattern) : await pathsAt(pattern);
  if (paths.length === 0) {
    throw new ConfigError(`No file matches ${pattern}.`, {
      code: 'stream_missing',
      next: 'Correct the pattern, or put the files there.',
    });
  }
  return await Promise.all(paths.map((path) => inspect(path)));
}

/** Absolute paths of files, sorted; empty when nothing matches. */
export async function matchingPaths(pattern: string): Promise<string[]> {
  const paths: string[] = [];
  for await (const path of glob(pattern)) {
    const found = await stat(path).catch((error: unknown) => {
      throw pathError(error, path);
    });
    if (found.isFile()) paths.push(path);
  }
  return paths.sort();
}

/** The file, or all files below a folder but hidden ones. */
async function pathsAt(path: string): Promise<string[]> {
  const found = await stat(path).catch(() => undefined);
  if (!found?.isDirectory()) return [path];
  const below = await matchingPaths(join(path, '**', '*'));
  return below.filter((file) => !file.slice(path.length).includes(`${sep}.`));
}

async function inspect(path: string): Promise<SourceFile> {
  try {
    const found = await stat(path);
    if (!found.isFile()) {
      throw new ConfigError(`${path} is not a file.`, {
        code: 'stream_missing',
        next: `To read the files in a folder, write ${path}/*.csv.`,
      });
    }
    await access(path, constants.R_OK);
    return { path, bytes: found.size, changedAtMs: found.mtimeMs };
  } catch (error) {
    throw pathError(error, path);
  }
}

/**
 * The same pieces, as long as the files they are made of stay as they were.
 * @throws TransientError code `file_changed`, behind the last piece
 */
export async function* whileUnchanged<T>(
  pieces: AsyncIterable<T>,
  files: readonly SourceFile[],
): AsyncGenerator<T> {
  yield* pieces;
  const changed = await changeOf(files);
  if (changed !== undefined) throw changed;
}

/** An error where a file is not as it was when it was looked at: gone, or a TransientError of code `file_changed`. */
export async function changeOf(files: readonly SourceFile[]): Promise<unknown> {
  for (const { path, bytes, changedAtMs } of files) {
    try {
      const now = await stat(path);
      if (now.size === bytes && now.mtimeMs === changedAtMs) continue;
    } catch (error) {
      return pathError(error, path);
    }
    return new TransientError(`${path} was changed while it was read.`, {
      code: 'file_changed',
      state: 'Nothing was published.',
      next: 'Run it again when the file is complete; whoever writes it may write another one and rename it.',
    });
  }
  return undefined;
}

/** What an error of the file system means. */
export function pathError(error: unknown, path: string): unknown {
  if (!(error instanceof Error) || !('code' in error) || error instanceof MillraceError) return error;
  switch (error.code) {
    case 'ENOENT':
    case 'ENOTDIR':
      return new ConfigError(`There is no file or folder ${path}.`, {
        code: 'stream_missing',
        next: 'Correct the path; relative paths start at the folder of the connection.',
      });
    case 'ELOOP':
      return new ConfigError(`${path} is a link that leads back to itself.`, {
        code: 'stream_missing',
        next: 'Correct the link.',
      });
    case 'EACCES':
    case 'EPERM':
      return new ConfigError(`${path} may not be read or written by this user.`, {
        code: 'file_permission',
        next: 'Change the permissions of the file or its folder.',
      });
    case 'ENOSPC':
      return diskFull(path);
    default:
      return new FatalError(`${path}: ${String(error.code)}.`, { code: 'file_failed', cause: error });
  }
}

export function diskFull(path: string): FatalError {
  return new FatalError(`The disk of ${path} is full.`, {
    code: 'disk_full',
    state: 'The temporary file was removed; the file that was there before is unchanged.',
    next: 'Free some space, then run again.',
  });
}
