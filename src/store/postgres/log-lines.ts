import { isStepLease } from '../../core/dispatch.ts';
import type { RunLease } from '../../core/ledger.ts';
import type { StepLogLine } from '../../core/ports.ts';
import { appendEvents } from './event-log.ts';
import { requireLease } from './fence.ts';
import type { LedgerServer } from './server.ts';

interface WaitingLine {
  readonly lease: RunLease;
  readonly line: StepLogLine;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** Writes log lines in order; those that come while others are being written go together in the next transaction. */
export interface LogWriter {
  append(lease: RunLease, line: StepLogLine): Promise<void>;
}

export function createLogWriter(server: LedgerServer): LogWriter {
  const waiting = new Map<string, WaitingLine[]>();
  const writeAll = async (name: string): Promise<void> => {
    for (;;) {
      const lines = waiting.get(name)?.splice(0) ?? [];
      const [first] = lines;
      if (!first) break;
      try {
        await writeLines(server, first.lease, lines);
        for (const line of lines) line.resolve();
      } catch (error) {
        for (const line of lines) line.reject(error);
      }
    }
    waiting.delete(name);
  };
  return {
    append: (lease, line) =>
      new Promise((resolve, reject) => {
        const part = isStepLease(lease) ? ` ${lease.attempt} ${lease.step}` : '';
        const name = `${lease.runId} ${lease.epoch} ${lease.owner}${part}`;
        const queue = waiting.get(name);
        if (queue) {
          queue.push({ lease, line, resolve, reject });
          return;
        }
        waiting.set(name, [{ lease, line, resolve, reject }]);
        void writeAll(name);
      }),
  };
}

function writeLines(server: LedgerServer, lease: RunLease, lines: readonly WaitingLine[]): Promise<void> {
  return server.write(async (session) => {
    await requireLease(session, lease);
    const events = lines.map(({ line }) => ({ type: 'step_log' as const, runId: lease.runId, ...line }));
    await appendEvents(session, events, 'steps');
  });
}
