import { useEffect, useState } from 'react';
import type { LiveEvent, StepLogEvent } from '../../../src/server/contract.ts';
import { readLog } from '../api.ts';

export interface RunLog {
  readonly lines: readonly StepLogEvent[];
  readonly truncated: boolean;
  readonly error: unknown;
  readonly loading: boolean;
}

const mostLines = 5000;
const flushDelayMs = 120;

/** The log of a run: the last lines that are there, then each new one while the run is open. */
export function useRunLog(runId: string, isOpen: boolean): RunLog {
  const [log, setLog] = useState<RunLog>({ lines: [], truncated: false, error: undefined, loading: true });
  useEffect(() => {
    let stop = (): void => {};
    let gone = false;
    readLog(runId).then(
      ({ lines, truncated }) => {
        if (gone) return;
        setLog({ lines, truncated, error: undefined, loading: false });
        if (isOpen)
          stop = followLog(runId, lines.at(-1)?.sequence ?? 0, (more) => setLog((old) => grown(old, more)));
      },
      (error: unknown) => {
        if (!gone) setLog((old) => ({ ...old, error, loading: false }));
      },
    );
    return () => {
      gone = true;
      stop();
    };
  }, [runId, isOpen]);
  return log;
}

function followLog(
  runId: string,
  afterSequence: number,
  take: (lines: readonly StepLogEvent[]) => void,
): () => void {
  const query = new URLSearchParams({ run: runId, logs: 'true', after: String(afterSequence) });
  const source = new EventSource(`/api/events?${query}`);
  let waiting: StepLogEvent[] = [];
  let timer: number | undefined;
  const flush = (): void => {
    timer = undefined;
    take(waiting);
    waiting = [];
  };
  source.addEventListener('message', (message: MessageEvent<string>) => {
    const event = JSON.parse(message.data) as LiveEvent;
    if (event.type !== 'step_log') return;
    waiting.push(event);
    timer ??= window.setTimeout(flush, flushDelayMs);
  });
  return () => {
    source.close();
    window.clearTimeout(timer);
  };
}

function grown(log: RunLog, more: readonly StepLogEvent[]): RunLog {
  const lines = [...log.lines, ...more];
  const tooMany = lines.length > mostLines;
  return { ...log, lines: tooMany ? lines.slice(-mostLines) : lines, truncated: log.truncated || tooMany };
}
