import type { StepDispatch } from '../core/dispatch.ts';
import type { Clock } from '../core/ports.ts';
import type { StepProgressEvent } from '../core/run-event.ts';

/** Steps may tell often how far they are; others look on no more often than that. */
const everyMilliseconds = 500;

/** Tells other processes how far the steps of this one are: of each step the newest, once in a while. */
export function createFarProgress(dispatch: StepDispatch, clock: Clock): (event: StepProgressEvent) => void {
  const newest = new Map<string, StepProgressEvent | undefined>();
  const tell = (name: string, event: StepProgressEvent): void => {
    newest.set(name, undefined);
    // It is shown, not kept.
    dispatch.tellProgress(event).catch(() => undefined);
    clock.after(everyMilliseconds, () => {
      const next = newest.get(name);
      newest.delete(name);
      if (next) tell(name, next);
    });
  };
  return (event) => {
    const name = `${event.runId} ${event.step}`;
    if (newest.has(name)) newest.set(name, event);
    else tell(name, event);
  };
}
