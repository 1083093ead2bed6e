import { DataError, MillraceError } from '../../core/errors.ts';
import { describeSource } from '../plan/source-schema.ts';
import type { StreamPlan } from '../plan/stream-plan.ts';
import type { StreamTask } from '../plan/stream-task.ts';

/**
 * What an error of a reading means when columns have gone from the source since it was planned; the error itself when
 * they have not.
 */
export async function explainedBySource(
  failure: unknown,
  task: StreamTask,
  plan: StreamPlan,
): Promise<unknown> {
  if (!(failure instanceof MillraceError) || failure.kind === 'cancelled' || failure.kind === 'transient')
    return failure;
  const schema = await describeSource(task).catch(() => undefined);
  const names = new Set(schema?.columns.map(({ name }) => name));
  const gone = plan.read.columns.filter((name) => !names.has(name));
  if (!schema || gone.length === 0) return failure;
  const { name, origin } = task.stream;
  const columns = gone.length === 1 ? `the column '${gone[0]}' is` : `the columns ${gone.join(', ')} are`;
  const isShownEach = plan.chunks?.commits === 'each chunk';
  return new DataError(`stream ${name}: ${columns} gone from the source since this load was planned`, {
    code: 'column_gone',
    origin,
    state: isShownEach
      ? 'The chunks before are published, with their watermark'
      : 'Nothing of this load is published',
    next: `Run it again, such as with: millrace run -r ${origin.file} --streams ${name}. It is planned by the columns that there are then; ${isShownEach ? 'it goes on after the last chunk, with NULL in place of what is gone' : 'the target keeps its column, with NULL in new rows, or none after a full refresh'}`,
    cause: failure,
  });
}
