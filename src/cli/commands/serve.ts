import { ConfigError } from '../../core/errors.ts';
import type { GraphNode } from '../../core/node.ts';
import { openSession } from '../../project/session/session.ts';
import { isLoopback } from '../../server/guard.ts';
import { exitCodes } from '../terminal/exit-code.ts';
import { printLine } from '../terminal/output.ts';
import { openKeptProject, type Place } from './open-project.ts';
import { serveSession } from './served-session.ts';
import { untilStopped } from '../terminal/until-stopped.ts';

export interface ServeOptions extends Place {
  readonly host?: string;
  readonly port: number;
  readonly schedules: boolean;
  /** False: all steps that workers can do are left to them. */
  readonly work: boolean;
  /** Seconds. */
  readonly lease: number;
  readonly json?: boolean;
}

/** The environment variable that holds what callers from other machines must show. */
const tokenName = 'MILLRACE_TOKEN';

/** Serves the page, and owns the project as far as nobody else does: plans, schedules, hands steps to workers; until SIGINT or SIGTERM. */
export async function serve(options: ServeOptions): Promise<number> {
  const token = process.env[tokenName];
  if (options.host !== undefined && !token && !isLoopback(options.host)) throw noToken(options.host);
  const { project } = await openKeptProject(options);
  const session = await openSession(project, { executesSteps: options.work, leaseSeconds: options.lease });
  if (!options.work && !session.store.dispatch) {
    await session.close();
    throw new ConfigError(
      '--no-work leaves steps to workers, and there are none on a ledger that is a file',
      {
        code: 'ledger_not_shared',
        next: 'Name a PostgreSQL database: MILLRACE_LEDGER_URL=postgres://..., or leave out --no-work.',
      },
    );
  }
  const server = await serveSession(session, options.schedules, {
    port: options.port,
    ...(options.host === undefined ? {} : { hostname: options.host }),
    ...(token ? { token } : {}),
  });
  const attempt = await session.engine.start({ address: server.url, schedules: options.schedules });
  if (options.json) printLine(JSON.stringify({ url: server.url, owner: attempt.acquired }));
  else {
    printLine(`${project.definition.name} is at ${server.url}`);
    if (!attempt.acquired)
      printLine(`${attempt.holder.owner} owns the project; this one takes over when it ends.`);
    for (const line of placementLines(project.graph.nodes, options.work)) printLine(line);
    printLine('Stop with Ctrl-C.');
  }
  await untilStopped();
  await server.close();
  await session.close();
  return exitCodes.success;
}

function noToken(host: string): ConfigError {
  return new ConfigError(`on ${host} the page would be open to everybody who reaches it`, {
    code: 'token_required',
    state: 'Nothing was started.',
    next: `Set ${tokenName} to a secret that callers have to send, or leave out --host`,
  });
}

function placementLines(nodes: readonly GraphNode[], works: boolean): readonly string[] {
  const runnable = nodes.filter(({ executor }) => executor !== undefined);
  const pinned = runnable.filter(({ runsOn }) => runsOn === 'owner').length;
  return [
    ...(pinned === 0
      ? []
      : [`${pinned} of ${runnable.length} nodes are run here, whatever workers there are.`]),
    ...(works ? [] : ['All others wait for workers: millrace worker']),
  ];
}
