import type { StepContext } from '../../core/executor.ts';
import { timeVariables } from '../replication/run-time.ts';
import type { Scope } from '../expression/expression.ts';

/** What hooks may say about the run and the moment it began. */
export function runScope({ runId, runStartedAtMs }: StepContext, file: string): Scope {
  if (runStartedAtMs === undefined) return { execution: { id: runId, file_path: file } };
  const times = timeVariables(runStartedAtMs);
  const isTimestamp = ([name]: readonly [string, string]): boolean => name.startsWith('timestamp_');
  const entries = Object.entries(times);
  return {
    ...Object.fromEntries(entries.filter((entry) => !isTimestamp(entry))),
    timestamp: Object.fromEntries(
      entries.filter(isTimestamp).map(([name, value]) => [name.slice('timestamp_'.length), value]),
    ),
    execution: { id: runId, file_path: file, start_time: times['ISO8601'] ?? '' },
  };
}
