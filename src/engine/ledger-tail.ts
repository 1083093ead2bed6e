import { CancelledError, ConfigError, TransientError } from '../core/errors.ts';
import type { RunRecord } from '../core/ledger.ts';
import type { RunStore } from '../core/ports.ts';
import type { RunEvent } from '../core/run-event.ts';
import { isRunFinished, type RunState } from '../core/run-state.ts';
import type { TailQuery } from './engine.ts';
import type { Workplace } from './workplace.ts';

/** Events read at a time. */
const batchSize = 500;

/** How long a ledger that is away is waited for by those who only read it. */
const patienceMilliseconds = 300_000;

export interface TailSource {
  readonly place: Workplace;
  /** Aborted when the engine is shut down. */
  readonly closed: AbortSignal;
  /** Throws once the engine cannot write its ledger any more. */
  readonly requireHealth: () => void;
}

/** See `Engine.tailEvents`. */
export async function* tailEvents(source: TailSource, query: TailQuery): AsyncGenerator<RunEvent> {
  const { store, written, pollMilliseconds } = source.place;
  const { runId, step, types } = query;
  const signal = query.signal ? AbortSignal.any([query.signal, source.closed]) : source.closed;
  const patient = createPatience(source.place);
  let afterSequence = query.afterSequence ?? 0;
  for (;;) {
    const mark = written.mark();
    const found = await patient(async () => ({
      isOver: runId !== undefined && isRunFinished(await requireState(store, runId)),
      events: await store.events({ runId, step, types, afterSequence, limit: batchSize }),
    }));
    const { isOver, events } = found ?? { isOver: false, events: [] };
    for (const event of events) {
      afterSequence = event.sequence;
      yield event;
    }
    if (events.length === batchSize) continue;
    if (isOver || signal.aborted) return;
    source.requireHealth();
    await written.wait(mark, pollMilliseconds, signal);
  }
}

/** See `Engine.waitForRun`. */
export async function waitForRun(
  source: TailSource,
  runId: string,
  signal: AbortSignal | undefined,
): Promise<RunRecord> {
  const { store, written, pollMilliseconds } = source.place;
  const either = signal ? AbortSignal.any([signal, source.closed]) : source.closed;
  const patient = createPatience(source.place);
  for (;;) {
    const mark = written.mark();
    if (await patient(async () => isRunFinished(await requireState(store, runId)))) break;
    source.requireHealth();
    if (either.aborted) {
      throw new CancelledError(`Nobody waits for the run ${runId} any more`, { code: 'wait_cancelled' });
    }
    await written.wait(mark, pollMilliseconds, either);
  }
  const run = await store.findRun(runId);
  if (!run) throw unknownRun(runId);
  return run;
}

/** Undefined while the ledger is away; the error when that takes too long. */
function createPatience({
  clock,
}: Workplace): <Result>(look: () => Promise<Result>) => Promise<Result | undefined> {
  let awaySinceMs: number | undefined;
  return async (look) => {
    try {
      const found = await look();
      awaySinceMs = undefined;
      return found;
    } catch (error) {
      awaySinceMs ??= clock.nowMs();
      if (!(error instanceof TransientError) || clock.nowMs() - awaySinceMs > patienceMilliseconds)
        throw error;
      return undefined;
    }
  };
}

async function requireState(store: RunStore, runId: string): Promise<RunState> {
  const state = await store.runState(runId);
  if (!state) throw unknownRun(runId);
  return state;
}

export function unknownRun(runId: string): ConfigError {
  return new ConfigError(`The ledger has no run ${runId}`, {
    code: 'run_unknown',
    next: 'To see the runs there are: millrace runs',
  });
}
