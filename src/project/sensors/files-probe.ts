import { createHash } from 'node:crypto';
import { type FSWatcher, watch } from 'node:fs';
import { glob, stat } from 'node:fs/promises';
import { dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import { DataError } from '../../core/errors.ts';
import type { JsonObject, JsonValue } from '../../core/json.ts';
import type { SensorFindings, SensorProbe } from '../../core/sensor.ts';
import type { FilesSource } from './definition.ts';

/** What is remembered of a file: size in bytes, time of change, and since when it was seen so. Milliseconds since 1970, UTC. */
type Sight = readonly [sizeBytes: number, changedAtMs: number, sinceMs: number];

interface FilesCursor extends JsonObject {
  /** Files that runs were asked for, as they were then. */
  readonly done: { readonly [path: string]: readonly [number, number] };
  /** Files that have to be still for a while. */
  readonly waiting: { readonly [path: string]: readonly [number, number, number] };
}

/** So many files fit into a cursor. */
const mostFiles = 20_000;

/** Looks at the files of this machine that a glob means. */
export function filesProbe(source: FilesSource, folder: string, now: () => number): SensorProbe {
  return {
    check: async ({ cursor }) => {
      const before = cursorOf(cursor);
      const seen = await sightings(source, folder, before, now());
      const due = source.what === 'newest' ? newest(seen) : seen;
      const ready = [...due].filter(([, [, , sinceMs]]) => now() - sinceMs >= stableMs(source));
      const news = ready.filter(([path, sight]) => isNews(source, before?.done[path], sight));
      const isRemembered = before === undefined && source.first === 'remember';
      const next = nextCursor(source, before, seen, ready);
      if (news.length === 0 || isRemembered)
        return { runs: [], cursor: next, skip: skipReason(source, seen, due, ready) };
      return { runs: [askFor(news)], cursor: next };
    },
    watch: (wake) => watchFolder(resolve(folder, staticPart(source.files)), wake),
  };
}

/** What another kind of sensor has remembered under this name is of no use. */
function cursorOf(cursor: JsonValue | undefined): FilesCursor | undefined {
  const found = cursor as FilesCursor | null | undefined;
  return found?.done && found.waiting ? found : undefined;
}

function askFor(news: readonly (readonly [string, Sight])[]): SensorFindings['runs'][number] {
  const files = news.map(([path]) => path).toSorted();
  const marks = news.map(([path, [size, changedAtMs]]) => `${path} ${size} ${changedAtMs}`).toSorted();
  const key = createHash('sha256').update(marks.join('\n')).digest('hex');
  return { key, input: { files } };
}

function stableMs({ stableSeconds = 0 }: FilesSource): number {
  return stableSeconds * 1000;
}

async function sightings(
  source: FilesSource,
  folder: string,
  before: FilesCursor | undefined,
  nowMs: number,
): Promise<ReadonlyMap<string, Sight>> {
  const seen = new Map<string, Sight>();
  for await (const name of glob(source.files, { cwd: folder })) {
    const path = (isAbsolute(name) ? relative(folder, name) : name).split(sep).join('/');
    const found = await stat(join(folder, path)).catch(() => undefined);
    if (!found?.isFile()) continue;
    const known = before?.waiting[path];
    const isSame = known?.[0] === found.size && known[1] === found.mtimeMs;
    const done = before?.done[path];
    const isDone = done?.[0] === found.size && done[1] === found.mtimeMs;
    seen.set(path, [found.size, found.mtimeMs, isDone ? 0 : isSame ? (known?.[2] ?? nowMs) : nowMs]);
    if (seen.size > mostFiles)
      throw new DataError(`More than ${mostFiles} files fit ${source.files}`, {
        code: 'sensor_files_many',
        next: 'Use a narrower glob, or move away files that were worked off.',
      });
  }
  return seen;
}

function newest(seen: ReadonlyMap<string, Sight>): ReadonlyMap<string, Sight> {
  let last: readonly [string, Sight] | undefined;
  for (const entry of seen) {
    const isLater = !last || entry[1][1] > last[1][1] || (entry[1][1] === last[1][1] && entry[0] > last[0]);
    if (isLater) last = entry;
  }
  return new Map(last ? [last] : []);
}

function isNews(
  { what = 'new' }: FilesSource,
  done: readonly [number, number] | undefined,
  [size, changedAtMs]: Sight,
): boolean {
  if (!done) return true;
  return what !== 'new' && (done[0] !== size || done[1] !== changedAtMs);
}

/** Files that are gone are forgotten: should they come back, they are new. */
function nextCursor(
  { what }: FilesSource,
  before: FilesCursor | undefined,
  seen: ReadonlyMap<string, Sight>,
  ready: readonly (readonly [string, Sight])[],
): FilesCursor {
  const handled = new Set(ready.map(([path]) => path));
  const isAllDone = what === 'newest' && handled.size > 0;
  const done: Record<string, readonly [number, number]> = {};
  const waiting: Record<string, readonly [number, number, number]> = {};
  for (const [path, [size, changedAtMs, sinceMs]] of seen) {
    const earlier = before?.done[path];
    if (isAllDone || handled.has(path)) done[path] = [size, changedAtMs];
    else {
      if (earlier) done[path] = earlier;
      waiting[path] = [size, changedAtMs, sinceMs];
    }
  }
  return { done, waiting };
}

function skipReason(
  source: FilesSource,
  seen: ReadonlyMap<string, Sight>,
  due: ReadonlyMap<string, Sight>,
  ready: readonly unknown[],
): string {
  if (seen.size === 0) return `No file fits ${source.files}`;
  if (ready.length < due.size) return `A file has not been still for ${source.stableSeconds} s yet`;
  return `Nothing new among ${seen.size} files`;
}

/** The folder that a glob is about. */
function staticPart(pattern: string): string {
  const parts = pattern.split('/');
  const wild = parts.findIndex((part) => /[*?[{]/.test(part));
  return wild === -1 ? dirname(pattern) : parts.slice(0, wild).join('/') || (isAbsolute(pattern) ? '/' : '.');
}

/** Where the folder cannot be watched, such as one that is not there yet, the looks by time have to do. */
function watchFolder(path: string, wake: () => void): () => void {
  let watcher: FSWatcher | undefined;
  try {
    watcher = watch(path, wake).unref();
    watcher.on('error', () => watcher?.close());
  } catch {
    return () => undefined;
  }
  return () => watcher?.close();
}
