import { setTimeout as sleep } from 'node:timers/promises';
import type { SqlDatabase } from '../../connector/connection.ts';
import { TransientError } from '../../core/errors.ts';
import type { StepContext } from '../../core/executor.ts';
import type { ChunkPace } from './chunk-pace.ts';
import { waitForReplay, type Replica } from './replica.ts';

/** Cancels of one chunk after which the step gives up; its own retry then goes on at the checkpoint. */
const maxConflicts = 12;
/** For replicas without a grace of their own. */
const replayPatienceSeconds = 60;
const pauseSeconds = 0.1;

/** What a chunk is read from. */
export interface ChunkSource {
  readonly database: SqlDatabase;
  readonly replica?: Replica;
}

/**
 * Reads one chunk, again and in a smaller piece when the server cancels it: a hot standby that has to
 * replay (SQLSTATE 40001), or a statement timeout (57014).
 * @param read one try, by the pace's present size
 */
export async function readPersistently<T>(
  source: ChunkSource,
  pace: ChunkPace,
  context: StepContext,
  read: () => Promise<T>,
): Promise<T> {
  for (let conflicts = 1; ; conflicts += 1) {
    try {
      return await read();
    } catch (error) {
      if (!isCancelledByServer(error) || conflicts >= maxConflicts || context.signal.aborted) throw error;
      pace.conflicted();
      const waited = await waitForCalm(source, context.signal);
      context.log(
        `${error.message} Read again in chunks of ${pace.rows} rows${waited > 0 ? `, after replay had caught up in ${waited.toFixed(1)} s` : ''}`,
        'warn',
      );
    }
  }
}

async function waitForCalm({ database, replica }: ChunkSource, signal: AbortSignal): Promise<number> {
  if (replica) return await waitForReplay(database, replica.graceSeconds ?? replayPatienceSeconds, signal);
  await sleep(pauseSeconds * 1000, undefined, { signal });
  return 0;
}

function isCancelledByServer(error: unknown): error is TransientError {
  return (
    error instanceof TransientError &&
    (error.code === 'transaction_conflict' || error.code === 'statement_cancelled')
  );
}
