import { isDeepStrictEqual } from 'node:util';
import { ConfigError, type MillraceError, toFailure } from '../../core/errors.ts';
import { connectionsFileName } from '../connections/connections-file.ts';
import type { KeptCode } from '../code/code-elsewhere.ts';
import type { Project } from '../reading/project.ts';
import { readKeptProject } from './kept-project.ts';
import { watchFolders } from './folder-watch.ts';
import type { Session } from './session.ts';

/** How long files must be still before they are read: editors write in several steps. */
const settleMs = 200;

export interface WatchListener {
  /** The files have no mistake, whether or not they differ. */
  readonly onRead?: () => void;
  /** The definitions differ and are in use from now on. */
  readonly onReload: (project: Project) => void;
  /** The files have mistakes; the definitions from before stay in use. */
  readonly onMistake: (error: MillraceError | ReturnType<typeof toFailure>) => void;
}

/**
 * Reads the project anew whenever its files change; changed code is loaded by a process of its own, which takes the place of the
 * one before. Returns how to stop.
 * @param first the code that the session's project was read with
 */
export function watchProject(session: Session, first: KeptCode, listener: WatchListener): () => void {
  let timer: NodeJS.Timeout | undefined;
  let reading = Promise.resolve();
  const { folder, environment } = session.project;

  let current = first;
  // Changes of code that were seen, and those of them that are in use.
  let [codeChanges, readChanges] = [0, 0];
  const reread = async (): Promise<void> => {
    const seen = codeChanges;
    const known = seen === readChanges ? current : undefined;
    const { project: next, kept } = await readKeptProject(folder, environment, known);
    const before = session.project;
    listener.onRead?.();
    const isSame = sameConnections(next, before);
    if (!isSame && !known) kept.code.retire();
    if (!isSame) throw connectionsChanged();
    if (known && next.manifest.hash === before.manifest.hash) return;
    current = kept;
    readChanges = seen;
    session.reload(next);
    listener.onReload(next);
  };
  const changed = (file: string): void => {
    if (/\.[cm]?[jt]s$/.test(file)) codeChanges += 1;
    clearTimeout(timer);
    timer = setTimeout(() => {
      reading = reading.then(reread).catch((error: unknown) => listener.onMistake(toFailure(error)));
    }, settleMs);
  };
  const stop = watchFolders(folder, isGenerated, changed, (error) => listener.onMistake(toFailure(error)));
  return () => {
    clearTimeout(timer);
    stop();
  };
}

function isGenerated(file: string): boolean {
  return /(^|[\\/])(\.millrace|\.git|node_modules|target)([\\/]|$)|\.(duckdb|db|sqlite)(\.wal|-wal|-shm|-journal)?$/.test(
    file,
  );
}

function sameConnections(a: Project, b: Project): boolean {
  const declared = ({ connections }: Project): unknown =>
    [...connections.values()].map(({ name, type, config, url }) => ({ name, type, config, url }));
  return isDeepStrictEqual(declared(a), declared(b));
}

function connectionsChanged(): ConfigError {
  return new ConfigError('connections have changed, and open ones cannot be exchanged', {
    code: 'connections_changed',
    origin: { file: connectionsFileName },
    state: 'The connections and definitions from before stay in use.',
    next: 'Stop millrace dev and start it again',
  });
}
