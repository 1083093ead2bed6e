import { type Dirent, type FSWatcher, readdirSync, watch } from 'node:fs';
import { join } from 'node:path';

/**
 * Calls `changed` with the path, relative to `folder`, of what appears, changes, is replaced or goes in it and below. Folders that
 * `isSkipped` knows are not looked into. On Linux every folder has a watcher of its own: the recursive one that Node makes there
 * overlooks files that are replaced, as editors do. Returns how to stop.
 */
export function watchFolders(
  folder: string,
  isSkipped: (path: string) => boolean,
  changed: (path: string) => void,
  onError: (error: unknown) => void,
): () => void {
  if (process.platform !== 'linux') {
    const whole = watch(folder, { recursive: true }, (_, file) => {
      if (file !== null && !isSkipped(file)) changed(file);
    });
    whole.on('error', onError);
    return () => whole.close();
  }
  const watchers = new Map<string, FSWatcher>();
  const forget = (path: string): void => {
    watchers.get(path)?.close();
    watchers.delete(path);
  };
  const add = (path: string, tells: boolean): void => {
    const entries = foldersAndFiles(join(folder, path));
    if (!entries) return;
    forget(path);
    const watcher = watch(join(folder, path), (event, file) => {
      if (file === null) return;
      const found = join(path, file);
      if (isSkipped(found)) return;
      changed(found);
      if (event === 'rename') add(found, true);
    });
    watcher.on('error', () => forget(path));
    watchers.set(path, watcher);
    for (const entry of entries) {
      const found = join(path, entry.name);
      if (isSkipped(found)) continue;
      // What came with a new folder, before it was watched.
      if (tells) changed(found);
      if (entry.isDirectory()) add(found, tells);
    }
  };
  add('', false);
  return () => {
    for (const path of watchers.keys()) forget(path);
  };
}

/** Undefined for what is no folder, or is gone already. */
function foldersAndFiles(path: string): readonly Dirent[] | undefined {
  try {
    return readdirSync(path, { withFileTypes: true });
  } catch {
    return undefined;
  }
}
