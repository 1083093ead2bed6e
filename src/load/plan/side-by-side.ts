import { availableParallelism } from 'node:os';
import type { Connection } from '../../connector/connection.ts';
import type { Progress, StepContext } from '../../core/executor.ts';
import { sourceDialect } from './stream-task.ts';

/** Servers that work on several questions at once; the other systems answer one after another in this process. */
const servers: readonly string[] = ['postgres', 'mysql'];
const mostByItself = 4;

/** How many readings of a source are worth starting at the same time, when nobody says. */
export function usualSideBySide(source: Connection): number {
  if (!servers.includes(sourceDialect(source).name)) return 1;
  return Math.min(mostByItself, availableParallelism());
}

/** True if several readings of a source go on at the same time at all. */
export function readsSideBySide(source: Connection): boolean {
  return servers.includes(sourceDialect(source).name);
}

/** Works on all items, `width` of them at a time, in their order. An error waits for what is under way. */
export async function workSideBySide<T>(
  items: readonly T[],
  width: number,
  work: (item: T, index: number) => Promise<void>,
): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let index = next++; index < items.length; index = next++) {
      try {
        await work(items[index] as T, index);
      } catch (error) {
        next = items.length;
        throw error;
      }
    }
  };
  const ends = await Promise.allSettled(Array.from({ length: Math.max(1, width) }, worker));
  const failed = ends.find((end) => end.status === 'rejected');
  if (failed) throw failed.reason;
}

/** Works of one step whose progress is added up. */
export interface SharedProgress {
  /** The context of one of them. */
  contextOf(index: number): StepContext;
  /** One of them has ended. */
  ended(): void;
}

export function sharedProgress(context: StepContext, count: number): SharedProgress {
  const parts = new Map<number, Progress>();
  let done = 0;
  const sum = (pick: (one: Progress) => number | undefined): number =>
    [...parts.values()].reduce((total, one) => total + (pick(one) ?? 0), 0);
  const tell = (): void =>
    context.progress({
      rows: sum((one) => one.rows),
      bytes: sum((one) => one.bytes),
      phase: `${done} of ${count} streams`,
    });
  return {
    contextOf: (index) => ({
      ...context,
      progress: (progress) => {
        parts.set(index, progress);
        tell();
      },
    }),
    ended: () => {
      done += 1;
      tell();
    },
  };
}
