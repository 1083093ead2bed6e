import type { NodeKey } from '../core/node.ts';
import type { StepStateEvent } from '../core/run-event.ts';
import { guard, type Execution } from './execution.ts';
import { createWake, type Wake } from './wake.ts';

/** What workers have written about the steps of a run. */
export interface StepNews {
  /** The newest that was said of a step since the owner took the run. */
  latest(step: NodeKey): StepStateEvent | undefined;
  /** Reads along until `stop` is called. */
  follow(step: NodeKey): Following;
}

export interface Following {
  /** Notified when something was said of the step. */
  readonly told: Wake;
  stop(): void;
}

const eventsAtOnce = 1000;

export function createStepNews(execution: Execution, afterSequence: number): StepNews {
  const { place, lease } = execution;
  const latest = new Map<NodeKey, StepStateEvent>();
  const followed = new Map<NodeKey, Wake>();
  let sequence = afterSequence;
  let ended = new AbortController();

  const read = async (): Promise<void> => {
    for (;;) {
      const query = {
        runId: lease.runId,
        types: ['step_state'] as const,
        afterSequence: sequence,
        limit: eventsAtOnce,
      };
      const events = await guard(execution, place.store.events(query));
      for (const event of events) {
        sequence = event.sequence;
        if (event.type !== 'step_state') continue;
        latest.set(event.step, event);
        followed.get(event.step)?.notify();
      }
      if (events.length < eventsAtOnce) return;
    }
  };
  const readAlong = async (end: AbortSignal): Promise<void> => {
    while (!end.aborted && execution.stopMode !== 'lost') {
      const mark = place.heard.mark();
      try {
        await read();
      } catch {
        // The guard has stopped the run, and who waits here is told.
        break;
      }
      await place.heard.wait(mark, place.pollMilliseconds, end);
    }
    for (const told of followed.values()) told.notify();
  };
  return {
    latest: (step) => latest.get(step),
    follow: (step) => {
      const told = createWake(place.clock);
      followed.set(step, told);
      if (followed.size === 1) {
        ended = new AbortController();
        void readAlong(ended.signal);
      }
      return {
        told,
        stop: () => {
          followed.delete(step);
          if (followed.size === 0) ended.abort();
        },
      };
    },
  };
}
