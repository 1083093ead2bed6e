import { workerLost, type WorkerNeed, type WorkerStop } from '../core/dispatch.ts';
import type { RunRecord } from '../core/ledger.ts';
import type { PlanStep } from '../core/plan.ts';
import type { StepStateEvent } from '../core/run-event.ts';
import { isStepFinished } from '../core/run-state.ts';
import type { Crew } from './crew.ts';
import { guard, moveSteps, type Execution } from './execution.ts';
import type { StepBook } from './step-book.ts';
import type { StepNews } from './step-news.ts';
import { logWait, type Next, type StepProgress } from './step-progress.ts';
import { writerInTheWay } from './straggler.ts';

/** A step that workers are to do, as the owner of its run follows it. */
export interface OfferedStep {
  readonly execution: Execution;
  readonly crew: Crew;
  readonly news: StepNews;
  readonly run: RunRecord;
  readonly book: StepBook;
  readonly step: PlanStep;
  readonly progress: StepProgress;
  readonly need: WorkerNeed;
}

const never = new AbortController().signal;
const offerAgainMilliseconds = 30_000;

/** Offers the next attempt at a step to workers and resolves when one has made it, or nobody is to make it any more. */
export async function offerAttempt(offered: OfferedStep): Promise<Next> {
  const { execution, crew, run, book, step, progress, need } = offered;
  const { place, lease } = execution;
  const attempt = book.attemptOf(step.key) + 1;
  const inTheWay = writerInTheWay(place, step.locks);
  if (inTheWay !== undefined) {
    await logWait(execution, step, attempt, inTheWay, progress);
    return 'locked';
  }
  const offer = {
    start: { step: step.key, attempt, atMs: place.clock.nowMs(), locks: step.locks },
    need,
    priority: execution.priority,
    job: {
      runId: run.id,
      step,
      templates: book.templatesFor(step.key),
      attempt,
      failedAttempts: progress.failedAttempts,
      interruptions: progress.interruptions,
      options: run.plan.options,
      runStartedAtMs: run.startedAtMs,
    },
  };
  const makeOffer = () => guard(execution, crew.dispatch.offerStep(lease, offer));
  const result = await makeOffer();
  if (typeof result === 'object') {
    const [holder] = result.locked;
    const message = `Waits for the run ${holder?.runId}, which is writing ${holder?.lock}`;
    await logWait(execution, step, attempt, message, progress);
    return 'locked';
  }
  return followAttempt(offered, attempt, makeOffer);
}

/**
 * Waits for the end of an attempt that is on the queue, or that a worker makes. `offerAgain` is called once in a while until one
 * does, so that what a queue has lost is not waited for.
 */
export async function followAttempt(
  offered: OfferedStep,
  attempt: number,
  offerAgain?: () => Promise<unknown>,
): Promise<Next> {
  const { execution, news, step, book, progress, crew, need } = offered;
  const { place } = execution;
  const following = news.follow(step.key);
  const asked: Asked = { isTaken: offerAgain === undefined, stop: undefined };
  let offeredAtMs = place.clock.nowMs();
  try {
    for (;;) {
      const mark = following.told.mark();
      const event = news.latest(step.key);
      const said = event && event.attempt === attempt ? event : undefined;
      if (said && isStepFinished(said.state)) return await ended(offered, said);
      if (said?.state === 'pending') return givenBack(offered, said);
      if (said?.state === 'running' && !asked.isTaken) {
        asked.isTaken = true;
        book.record(step.key, 'running', attempt);
      }
      if (execution.stopMode) {
        if (await leave(offered, asked)) return 'over';
      } else if (!asked.isTaken) {
        if (await isTakenBack(offered)) return { retryInSeconds: 0 };
        const missing = crew.missing(need);
        if (missing !== undefined) await logWait(execution, step, attempt, missing, progress);
        if (place.clock.nowMs() - offeredAtMs > offerAgainMilliseconds) {
          offeredAtMs = place.clock.nowMs();
          await offerAgain?.();
        }
      }
      const signal = execution.stopMode ? never : execution.stopping.signal;
      await following.told.wait(mark, place.pollMilliseconds, signal);
    }
  } finally {
    following.stop();
  }
}

interface Asked {
  /** A worker has begun. */
  isTaken: boolean;
  /** What the worker was told. */
  stop: WorkerStop | undefined;
}

/** An offer that is not for workers any more, because they have left or have read other definitions. */
async function isTakenBack({ execution, crew, step, need }: OfferedStep): Promise<boolean> {
  const now = crew.needOf(step);
  if (now && now.pool === need.pool && now.manifestHash === need.manifestHash) return false;
  return guard(execution, crew.dispatch.withdrawStep(execution.lease, step.key));
}

/** When the run is stopped: whether nothing more is to be waited for here. */
async function leave({ execution, crew, step }: OfferedStep, asked: Asked): Promise<boolean> {
  const { lease, stopMode, isHeld, isTimedOut } = execution;
  // Whoever executes the run next goes on waiting: workers need no owner to end what they have begun.
  if (stopMode === 'lost' || stopMode === 'finish' || (stopMode === 'abort' && !isHeld)) return true;
  if (!asked.isTaken && (await guard(execution, crew.dispatch.withdrawStep(lease, step.key)))) return true;
  asked.isTaken = true;
  const stop: WorkerStop = stopMode === 'abort' ? 'release' : isTimedOut ? 'timeout' : 'cancel';
  if (asked.stop !== stop) {
    asked.stop = stop;
    await guard(execution, crew.dispatch.askToStop(lease, step.key, stop));
  }
  return false;
}

async function ended({ execution, run, book, step }: OfferedStep, event: StepStateEvent): Promise<'over'> {
  const { place } = execution;
  const templates = new Set(book.templatesFor(step.key).map(({ key }) => key));
  if (templates.size > 0 && event.state === 'succeeded') {
    const now = await guard(execution, place.store.findRun(run.id));
    book.addItems(now?.steps.flatMap(({ item }) => (item && templates.has(item.of) ? [item] : [])) ?? []);
  }
  book.record(step.key, event.state, event.attempt, event.failure);
  await moveSteps(execution, book.takeSkips(place.clock.nowMs()));
  place.written.notify();
  place.unlocked.notify();
  return 'over';
}

/** The attempt failed and may be made again, or its worker has left, or was lost. */
function givenBack({ book, step, progress }: OfferedStep, event: StepStateEvent): Next {
  book.record(step.key, 'pending', event.attempt);
  if (event.failure?.code === workerLost) progress.interruptions += 1;
  else if (event.failure) progress.failedAttempts += 1;
  return { retryInSeconds: event.retryInSeconds ?? 0 };
}
