import { realpath } from 'node:fs/promises';
import { dirname, isAbsolute, parse, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ConfigError, MillraceError } from '../../core/errors.ts';
import type { Connection } from '../../connector/connection.ts';
import { commandPermission } from '../replication/hook.ts';
import type { HookPlace } from './hook-place.ts';

type LocationPlace = Pick<HookPlace, 'services' | 'origin'>;

/** A place on this machine that a hook may use. */
export interface Location {
  /** Absolute. */
  readonly path: string;
  /** The folder that it may not leave. */
  readonly root: string;
}

/**
 * Finds what a location names: `CONNECTION/path` in the folder of a file connection; `path`, `file://path` and
 * `LOCAL/path` in the folder of the project. Where commands are allowed, any file.
 * @throws ConfigError code `location_outside` for what lies beyond that folder, by `..`, by an absolute path or by a link
 */
export async function locate(location: string, place: LocationPlace): Promise<Location> {
  const { first, rest } = splitLocation(location);
  const connection = await findConnection(first, place);
  const root = connection?.folder ?? place.services.projectFolder;
  const path = resolve(root, pathOf(connection?.folder === undefined ? withoutLocal(location) : rest));
  const isWithin = contains(root, path) && contains(await realPathOf(root), await realPathOf(path));
  if (isWithin) return { path, root };
  if (place.services.mayRunCommands) return { path, root: parse(path).root };
  throw new ConfigError(`'${location}' is outside of ${root}`, {
    code: 'location_outside',
    origin: place.origin,
    state: 'Hooks reach files of the project, and of file connections through their names',
    next: `Add a connection of type file with that folder, and write CONNECTION/path; or set ${commandPermission}=true`,
  });
}

/** `CONNECTION/rest` taken apart. */
export function splitLocation(location: string): { readonly first: string; readonly rest: string } {
  const at = location.indexOf('/');
  return at < 0
    ? { first: location, rest: '' }
    : { first: location.slice(0, at), rest: location.slice(at + 1) };
}

/** The connection of that name, or undefined when there is none: then it is a folder's name. */
export async function findConnection(
  name: string,
  { services }: LocationPlace,
): Promise<Connection | undefined> {
  if (!/^[\w-]+$/.test(name)) return undefined;
  try {
    return await services.open(name);
  } catch (error) {
    if (error instanceof MillraceError && error.code === 'connection_missing') return undefined;
    throw error;
  }
}

function withoutLocal(location: string): string {
  return location.replace(/^local\//i, '');
}

function pathOf(text: string): string {
  return text.startsWith('file:///') ? fileURLToPath(text) : text.replace(/^file:\/\//, '');
}

function contains(folder: string, path: string): boolean {
  const way = relative(folder, path);
  return way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}

/** The path without links; of what is not there yet, the way to it. */
async function realPathOf(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch (error) {
    const parent = dirname(path);
    if (parent === path || (error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return resolve(await realPathOf(parent), relative(parent, path));
  }
}
