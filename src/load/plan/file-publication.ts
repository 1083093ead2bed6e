import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { DataError } from '../../core/errors.ts';
import { partFileName } from '../stream/stage-name.ts';
import type { StreamTask } from './stream-task.ts';
import type { Publication, StreamIdentity } from '../stream/watermark-store.ts';

/**
 * How far a stream has been written into files, kept in a hidden file beside them. What is about to be published is
 * written down first, so that after a crash the files themselves tell whether it was.
 */
interface KeptState {
  readonly published?: Publication;
  readonly pending?: Publication & {
    /** Absolute paths. */
    readonly stage: string;
    readonly final: string;
    /** The final one is a folder of files; those of this load begin with this. */
    readonly fileName?: string;
    /** They are added to it one by one, instead of taking its place. */
    readonly adds?: boolean;
  };
}

/** The last publication of a stream into files; undefined when there was none. Changes nothing. */
export async function readFilePublication(
  task: StreamTask,
  identity: StreamIdentity,
): Promise<Publication | undefined> {
  const { published, pending } = await readState(statePath(task, identity));
  if (!pending || pending.adds || (await exists(pending.stage))) return published;
  const { stage: _stage, final, fileName, adds: _adds, ...done } = pending;
  const isThere =
    fileName === undefined ? await exists(final) : (await filesNamed(final, fileName)).length > 0;
  if (!isThere) return published;
  return done;
}

/**
 * Writes down what is about to be published, and removes what a stopped load left.
 * @param stage path of the stage, from the folder of the connection, and whether its files are added one by one
 */
export async function beginFile(
  task: StreamTask,
  identity: StreamIdentity,
  stage: { readonly name: string; readonly adds: boolean },
  publication: Publication,
): Promise<void> {
  const path = statePath(task, identity);
  const { pending } = await readState(path);
  if (pending) await rm(pending.stage, { force: true, recursive: true });
  if (pending?.adds && pending.fileName !== undefined)
    for (const path of await filesNamed(pending.final, pending.fileName)) await rm(path, { force: true });
  const published = await readFilePublication(task, identity);
  await writeState(path, {
    ...(published ? { published } : {}),
    pending: {
      ...publication,
      stage: fileOf(task, stage.name),
      final: fileOf(task, task.object.name),
      ...(task.stream.target.parts
        ? { fileName: partFileName({ schema: '', name: stage.name }), adds: stage.adds }
        : {}),
    },
  });
}

/** The files below a folder that a load has written. */
async function filesNamed(folder: string, fileName: string): Promise<readonly string[]> {
  const names = await readdir(folder, { recursive: true }).catch(() => []);
  return names.filter((name) => basename(name).startsWith(`${fileName}_`)).map((name) => join(folder, name));
}

export async function endFile(
  task: StreamTask,
  identity: StreamIdentity,
  published: Publication,
): Promise<void> {
  await writeState(statePath(task, identity), { published });
}

/** The path of a file of the target. */
export function fileOf({ target }: StreamTask, name: string): string {
  return resolve(target.folder ?? '', name.replace(/^file:\/\//, ''));
}

export async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined)) !== undefined;
}

/**
 * The file whose lock keeps other loads away: beside the one that is written, or for increments beside what says how far
 * the stream is written. Undefined for standard output.
 */
export function leasePath(task: StreamTask, identity: StreamIdentity): string | undefined {
  const { name } = task.object;
  const cut = name.lastIndexOf('/') + 1;
  const base = name.slice(cut);
  if (base === '-' || base === 'stdout') return undefined;
  if (task.stream.mode === 'incremental') return `${statePath(task, identity)}.lock`;
  return fileOf(task, `${name.slice(0, cut)}.${base}~lock`);
}

/** In the folder that all files of the stream have in common. */
function statePath(task: StreamTask, identity: StreamIdentity): string {
  const { object } = task.stream;
  const fixed = object.split('{')[0] ?? '';
  const text = JSON.stringify([identity.source, identity.stream, object]);
  const hash = createHash('sha256').update(text).digest('hex').slice(0, 12);
  return join(fileOf(task, fixed.slice(0, fixed.lastIndexOf('/') + 1)), `.millrace-${hash}.json`);
}

/** @throws DataError code `state_unreadable`: it never means "start over" */
async function readState(path: string): Promise<KeptState> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as KeptState;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {};
    throw new DataError(`${path}, which says how far the stream is written, cannot be read`, {
      code: 'state_unreadable',
      state: 'Nothing was changed',
      next: 'Restore it from a copy, or remove it together with the files of the stream to start over',
      cause: error,
    });
  }
}

async function writeState(path: string, state: KeptState): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(`${path}.new`, JSON.stringify(state));
  await rename(`${path}.new`, path);
}
