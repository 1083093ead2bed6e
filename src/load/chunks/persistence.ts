import { setTimeout as sleep } from 'node:timers/promises';
import type { SqlDatabase } from '../../connector/connection.ts';
import type { StepContext } from '../../core/executor.ts';
import type { ChunkPace } from './chunk-pace.ts';
import { waitForReplay } from './replica.ts';
import { isCancelledByServer } from './server-cancel.ts';

/** Cancels in a row after which the step gives up; its own retry then goes on at the checkpoint. */
const maxCancels = 12;
const replayPatienceSeconds = 60;
const pauseSeconds = 0.1;

/**
 * Reads something of a source, again and in a smaller piece when the server cancels it: a hot standby that
 * has to replay (SQLSTATE 40001), or a statement timeout (57014).
 * @param pace size of the chunk that is read; absent for small questions
 * @param read one try, by the pace's present size
 * @param position how far a try that does several things has come: cancels count from there on
 */
export async function readPersistently<T>(
  database: SqlDatabase,
  pace: ChunkPace | undefined,
  context: StepContext,
  read: () => Promise<T>,
  position: () => number = () => 0,
): Promise<T> {
  let reached = position();
  for (let cancels = 1; ; cancels += 1) {
    try {
      return await read();
    } catch (error) {
      if (position() !== reached) cancels = 1;
      reached = position();
      if (!isCancelledByServer(error) || cancels >= maxCancels || context.signal.aborted) throw error;
      pace?.conflicted();
      await sleep(pauseSeconds * 1000, undefined, { signal: context.signal });
      const waited = await waitForReplay(database, replayPatienceSeconds, context.signal);
      const size = pace ? ` in chunks of ${pace.rows} rows` : '';
      const replay = waited === undefined ? '' : `, after replay had caught up in ${waited.toFixed(1)} s`;
      context.log(`${error.message} Read again${size}${replay}`, 'warn');
    }
  }
}
