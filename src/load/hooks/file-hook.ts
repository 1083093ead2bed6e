import { cp, mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import type { Stats } from 'node:fs';
import { basename, dirname, join, relative, sep } from 'node:path';
import { ConfigError, DataError, FatalError } from '../../core/errors.ts';
import type { JsonObject } from '../../core/json.ts';
import type { Column } from '../../sql/data-type.ts';
import type { FileHook } from '../replication/hook.ts';
import { matchesGlob } from '../replication/glob.ts';
import { parseTableName } from '../replication/stream-name.ts';
import type { HookPlace } from './hook-place.ts';
import { fillText } from './hook-text.ts';
import { findConnection, locate, splitLocation, type Location } from './location.ts';

/** What a hook reads stays in memory until the end of its list. */
const maxReadBytes: number = 4 * 1024 * 1024;

/** Does what a hook says to files. What is repeated ends in the same state. */
export async function useFiles(hook: FileHook, place: HookPlace): Promise<JsonObject> {
  try {
    switch (hook.type) {
      case 'copy':
        return await copy(await find(hook.from, place), await find(hook.to, place), hook.to);
      case 'delete':
        return await remove(await find(hook.location, place), hook.recursive ?? false, place);
      case 'write':
        return await write(await find(hook.to, place), fillText(hook.content, place));
      case 'read':
        return await read(await find(hook.from, place), place);
      case 'list':
        return await list(hook, place);
      case 'inspect':
        return await inspect(hook, place);
    }
  } catch (error) {
    throw fileFailure(error, place);
  }
}

function find(location: string, place: HookPlace): Promise<Location> {
  return locate(fillText(location, place), place);
}

/** Writes a text into the file of a location. */
export async function writeText(location: string, text: string, place: HookPlace): Promise<JsonObject> {
  try {
    return await write(await find(location, place), text);
  } catch (error) {
    throw fileFailure(error, place);
  }
}

async function copy(from: Location, to: Location, written: string): Promise<JsonObject> {
  const intoFolder = written.endsWith('/') || ((await statOf(to.path))?.isDirectory() ?? false);
  const target = intoFolder ? join(to.path, basename(from.path)) : to.path;
  const found = await stat(from.path);
  await mkdir(dirname(target), { recursive: true });
  if (found.isDirectory()) await cp(from.path, target, { recursive: true });
  else await throughDraft(target, (draft) => cp(from.path, draft));
  return {
    status: 'success',
    from_path: shown(from, from.path),
    to_path: shown(to, target),
    bytes_written: found.isDirectory() ? 0 : found.size,
  };
}

async function remove(at: Location, recursive: boolean, { origin }: HookPlace): Promise<JsonObject> {
  if (at.path === at.root) {
    throw new ConfigError(`a hook deletes ${at.root} itself`, {
      code: 'location_outside',
      origin,
      next: 'Name what is to be deleted in it',
    });
  }
  const found = await statOf(at.path);
  if (found?.isDirectory() && !recursive) {
    throw new ConfigError(`${shown(at, at.path)} is a folder, and the hook is not recursive`, {
      code: 'folder_kept',
      origin,
      next: 'Add recursive: true',
    });
  }
  await rm(at.path, { recursive, force: true });
  return { status: 'success', path: shown(at, at.path), deleted: found !== undefined };
}

async function write(to: Location, content: string): Promise<JsonObject> {
  await mkdir(dirname(to.path), { recursive: true });
  await throughDraft(to.path, (draft) => writeFile(draft, content));
  return { status: 'success', path: shown(to, to.path), bytes_written: Buffer.byteLength(content) };
}

/** Nobody sees half of a file. */
async function throughDraft(path: string, write: (draft: string) => Promise<void>): Promise<void> {
  const draft = join(dirname(path), `.${basename(path)}.millrace-draft`);
  try {
    await write(draft);
    await rename(draft, path);
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
}

async function read(from: Location, { origin }: HookPlace): Promise<JsonObject> {
  const { size } = await stat(from.path);
  if (size > maxReadBytes) {
    throw new DataError(`${shown(from, from.path)} has ${size} bytes; a hook reads up to ${maxReadBytes}`, {
      code: 'file_too_large',
      origin,
      next: 'Load it as a stream',
    });
  }
  const content = await readFile(from.path, 'utf8');
  return { status: 'success', path: shown(from, from.path), content, bytes_read: size };
}

async function list(hook: FileHook & { type: 'list' }, place: HookPlace): Promise<JsonObject> {
  const { folder, pattern } = patternOf(fillText(hook.location, place));
  const at = await locate(folder, place);
  const entries = await readdir(at.path, { recursive: hook.recursive ?? false, withFileTypes: true });
  const wanted = entries
    .filter((entry) =>
      hook.only === 'files' ? entry.isFile() : hook.only !== 'folders' || entry.isDirectory(),
    )
    .filter((entry) => pattern === undefined || matchesGlob(pattern, entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  const result: JsonObject[] = [];
  for (const path of wanted) {
    const found = await statOf(path);
    if (found) result.push({ location: locationOf(folder, at, path), ...describe(at, path, found) });
  }
  return { status: 'success', path: shown(at, at.path), result };
}

/** A pattern may stand in the last part of a location: `in/*.csv`. */
function patternOf(location: string): { readonly folder: string; readonly pattern?: string } {
  const cut = location.lastIndexOf('/');
  const last = location.slice(cut + 1);
  if (!/[*?]/.test(last)) return { folder: location.replace(/\/$/, '') || '.' };
  return { folder: cut < 0 ? '.' : location.slice(0, cut), pattern: last };
}

/** What another hook may be given to find it. */
function locationOf(folder: string, at: Location, path: string): string {
  return `${folder}/${relative(at.path, path).split(sep).join('/')}`.replace(/^\.\//, '');
}

/** A file or folder, or `CONNECTION/schema.table` of a database. */
async function inspect(
  { location, recursive }: FileHook & { type: 'inspect' },
  place: HookPlace,
): Promise<JsonObject> {
  const text = fillText(location, place);
  const { first, rest } = splitLocation(text);
  const database = (await findConnection(first, place))?.database;
  if (database) {
    const table = parseTableName(rest, database.dialect.defaultSchema);
    const schema = await database.describe(table);
    const columns = (schema?.columns ?? []).map(describeColumn);
    return {
      status: 'success',
      ...table,
      fdqn: database.dialect.quoteTable(table),
      exists: schema !== undefined,
      columns,
      column_map: Object.fromEntries(columns.map((column) => [column['name'], column])),
    };
  }
  const at = await locate(text, place);
  const found = await statOf(at.path);
  if (!found) return { status: 'success', path: shown(at, at.path), exists: false };
  const counts = recursive && found.isDirectory() ? await countsOf(at.path) : {};
  return { status: 'success', exists: true, ...describe(at, at.path, found), ...counts };
}

function describeColumn({ name, type }: Column): JsonObject & { readonly name: string } {
  const { type: word, ...details } = type;
  return { name, type: word, ...details };
}

/** Everything in a folder and below. */
async function countsOf(folder: string): Promise<JsonObject> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  const sizes = await Promise.all(files.map((entry) => statOf(join(entry.parentPath, entry.name))));
  const folders = entries.filter((entry) => entry.isDirectory()).length;
  return {
    size: sizes.reduce((total, found) => total + (found?.size ?? 0), 0),
    file_count: files.length,
    folder_count: folders,
    node_count: files.length + folders,
  };
}

function describe(at: Location, path: string, found: Stats): JsonObject {
  return {
    name: basename(path),
    path: shown(at, path),
    folder: shown(at, dirname(path)),
    is_dir: found.isDirectory(),
    size: found.size,
    created_at: found.birthtime.toISOString(),
    updated_at: found.mtime.toISOString(),
  };
}

/** Relative to the folder that it may not leave. */
function shown({ root }: Location, path: string): string {
  return relative(root, path).split(sep).join('/');
}

async function statOf(path: string): Promise<Stats | undefined> {
  return stat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined;
    throw error;
  });
}

function fileFailure(error: unknown, { origin }: HookPlace): unknown {
  const { code, path } = error as NodeJS.ErrnoException;
  if (error instanceof Error && code !== undefined && path !== undefined && 'syscall' in error) {
    const said = code === 'ENOENT' ? `there is no file or folder ${path}` : `${path}: ${code}`;
    return new FatalError(`a hook failed: ${said}`, { code: 'hook_file_failed', origin, cause: error });
  }
  return error;
}
