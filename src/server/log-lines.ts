import type { NodeKey } from '../core/node.ts';
import type { StepLogEvent } from '../core/run-event.ts';
import type { LogPayload } from './contract.ts';
import type { LedgerReader } from './host.ts';

const eventsPerRead = 5000;

/** The last `limit` log lines of a run, or of one of its steps. Holds two reads at most in memory. */
export async function lastLogLines(
  ledger: LedgerReader,
  runId: string,
  limit: number,
  step: NodeKey | undefined,
): Promise<LogPayload> {
  let lines: StepLogEvent[] = [];
  let truncated = false;
  let afterSequence = 0;
  for (;;) {
    const events = await ledger.events({
      runId,
      step,
      types: ['step_log'],
      afterSequence,
      limit: eventsPerRead,
    });
    lines.push(...events.filter((event) => event.type === 'step_log'));
    if (lines.length > limit) {
      lines = lines.slice(-limit);
      truncated = true;
    }
    const last = events.at(-1);
    if (!last || events.length < eventsPerRead) return { lines, truncated };
    afterSequence = last.sequence;
  }
}
