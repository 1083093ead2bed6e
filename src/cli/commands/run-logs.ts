import { setTimeout as sleep } from 'node:timers/promises';
import { formatError } from '../../core/errors.ts';
import type { RunEvent } from '../../core/run-event.ts';
import { isRunFinished } from '../../core/run-state.ts';
import { paint, printLine } from '../terminal/output.ts';
import { findRun, interruptedRuns, withLedgers } from './ledger-run.ts';
import type { Place } from './open-project.ts';

export interface RunLogsOptions extends Place {
  readonly id: string;
  readonly follow?: boolean;
  /** Only what is about this node. */
  readonly step?: string;
  readonly json?: boolean;
}

const eventsAtATime = 1000;
const pollMilliseconds = 300;

/** Prints what a run has said, and with `follow` what it says until it ends. With `json` an event per line. */
export async function showLogs({ id, follow, step, json, ...place }: RunLogsOptions): Promise<void> {
  await withLedgers(place, async (stores) => {
    const { store, run } = await findRun(stores, id);
    if (follow && (await interruptedRuns([store])).has(run.id))
      printLine(`Run ${run.id} was interrupted; the next millrace run continues it`, process.stderr);
    for (let afterSequence = 0; ;) {
      const state = await store.runState(run.id);
      const isOver = !follow || state === undefined || isRunFinished(state);
      const events = await store.events({ runId: run.id, step, afterSequence, limit: eventsAtATime });
      for (const event of events) {
        afterSequence = event.sequence;
        const line = json ? JSON.stringify(event) : lineOf(event);
        if (line !== undefined) printLine(line);
      }
      if (events.length === eventsAtATime) continue;
      if (isOver) return;
      await sleep(pollMilliseconds);
    }
  });
}

function lineOf(event: RunEvent): string | undefined {
  const time = paint('dim', new Date(event.atMs).toISOString());
  switch (event.type) {
    case 'step_log': {
      const isImportant = event.level === 'warn' || event.level === 'error';
      const level = event.level.padEnd(9);
      return `${time} ${isImportant ? paint('yellow', level) : level} ${event.step}: ${event.message}`;
    }
    case 'step_state': {
      const why = event.failure ? `\n${formatError(event.failure)}` : event.reason ? `, ${event.reason}` : '';
      return `${time} ${event.state.padEnd(9)} ${event.step}${event.attempt > 1 ? ` (attempt ${event.attempt})` : ''}${why}`;
    }
    case 'run_state':
      return `${time} ${event.state.padEnd(9)} run ${event.runId}${event.failure ? `\n${formatError(event.failure)}` : ''}`;
    case 'lease_taken':
      return event.epoch > 1 ? `${time} taken over by ${event.owner}` : undefined;
  }
}
