import { watch } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { ConfigError, type MillraceError, toFailure } from '../../core/errors.ts';
import { connectionsFileName } from '../connections/connections-file.ts';
import type { Project } from '../reading/project.ts';
import { readProject } from '../reading/read-project.ts';
import type { Session } from './session.ts';
import { tryLoading } from '../execution/trial-load.ts';
import { moduleGeneration } from '../settings/user-modules.ts';

/** How long files must be still before they are read: editors write in several steps. */
const settleMs = 200;

export interface WatchListener {
  /** The definitions differ and are in use from now on. */
  readonly onReload: (project: Project) => void;
  /** The files have mistakes; the definitions from before stay in use. */
  readonly onMistake: (error: MillraceError | ReturnType<typeof toFailure>) => void;
}

/** Reads the project anew whenever its files change. Returns how to stop. */
export function watchProject(session: Session, listener: WatchListener): () => void {
  let timer: NodeJS.Timeout | undefined;
  let reading = Promise.resolve();
  const { folder, environment } = session.project;

  let isCodeChanged = false;
  const reread = async (): Promise<void> => {
    if (isCodeChanged) {
      isCodeChanged = false;
      await tryLoading(folder);
    }
    const generation = moduleGeneration();
    const next = await readProject(folder, environment);
    const before = session.project;
    const isSameCode = moduleGeneration() === generation;
    if (isSameCode && next.manifest.hash === before.manifest.hash && sameConnections(next, before)) return;
    if (!sameConnections(next, before)) throw connectionsChanged();
    session.reload(next);
    listener.onReload(next);
  };
  const watcher = watch(folder, { recursive: true }, (_, file) => {
    if (file === null || isGenerated(file)) return;
    isCodeChanged ||= /\.[cm]?[jt]s$/.test(file);
    clearTimeout(timer);
    timer = setTimeout(() => {
      reading = reading.then(reread).catch((error: unknown) => listener.onMistake(toFailure(error)));
    }, settleMs);
  });
  watcher.on('error', (error) => listener.onMistake(toFailure(error)));
  return () => {
    clearTimeout(timer);
    watcher.close();
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
