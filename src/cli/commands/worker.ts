import { checkWorkerPools } from '../../project/reading/placement.ts';
import { openSession } from '../../project/session/session.ts';
import { exitCodes } from '../terminal/exit-code.ts';
import { paint, printLine } from '../terminal/output.ts';
import { openProject, type Place } from './open-project.ts';
import { untilStopped } from '../terminal/until-stopped.ts';

export interface WorkerCommandOptions extends Place {
  readonly pool: readonly string[];
  readonly concurrency?: number;
  /** Seconds. */
  readonly lease: number;
  /** Seconds. */
  readonly drain: number;
  readonly json?: boolean;
}

/** Does steps that the owner of the project hands out, until SIGINT or SIGTERM; then it ends what it has begun, or gives it back. */
export async function worker(options: WorkerCommandOptions): Promise<number> {
  const project = await openProject(options);
  checkWorkerPools(options.pool, project.definition);
  const session = await openSession(project, { leaseSeconds: options.lease, isWorker: true });
  const say = (line: string): void => {
    if (!options.json) printLine(line);
  };
  const working = await session
    .work({
      takes: options.pool,
      ...(options.concurrency === undefined ? {} : { concurrency: options.concurrency }),
      onTrouble: (message) =>
        process.stderr.write(`${paint('yellow', 'warning', process.stderr)} ${session.redact(message)}\n`),
    })
    .catch(async (error: unknown) => {
      await session.close();
      throw error;
    });
  const version = project.manifest.hash.slice(0, 8);
  if (options.json) printLine(JSON.stringify({ worker: working.owner, manifestHash: project.manifest.hash }));
  say(`${working.owner} works for ${project.definition.name}, version ${version}: ${taken(options.pool)}.`);
  say('Stop with Ctrl-C.');
  await untilStopped();
  const count = working.steps().length;
  if (count > 0)
    say(
      `Ending ${count} step${count === 1 ? '' : 's'}; what takes longer than ${options.drain} s is given back.`,
    );
  const hurry = (): void => void working.drain(0);
  process.once('SIGINT', hurry);
  process.once('SIGTERM', hurry);
  await working.drain(options.drain);
  const left = working.steps();
  await session.close();
  // One that does not obey its signal is taken from this worker when its process is gone.
  if (left.length > 0) process.exit(exitCodes.success);
  return exitCodes.success;
}

function taken(pools: readonly string[]): string {
  if (pools.length === 0) return 'steps that are in no pool of workers';
  return `steps of the pool${pools.length === 1 ? '' : 's'} ${pools.join(', ')}`;
}
