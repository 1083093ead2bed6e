import { join } from 'node:path';
import { packageFolder } from '../../project/settings/package-folder.ts';
import { createServerHost } from '../../project/session/server-host.ts';
import type { Session } from '../../project/session/session.ts';
import {
  type ReadingMistake,
  startServer,
  type RunningServer,
  type ServerOptions,
} from '../../server/index.ts';

const pageFolder = join(packageFolder, 'dist', 'web');

/** Serves the page of a session, which is closed when the server cannot start. */
export async function serveSession(
  session: Session,
  schedules: boolean,
  options: Omit<ServerOptions, 'pageFolder'>,
  mistake?: () => ReadingMistake | undefined,
): Promise<RunningServer> {
  try {
    return await startServer(createServerHost(session, schedules, mistake), { ...options, pageFolder });
  } catch (error) {
    await session.close();
    throw error;
  }
}
