import type { ReactNode } from 'react';
import type { RunSummary } from '../../../src/server/contract.ts';
import { formatDateTime, formatDuration } from '../format.ts';
import { stateHealth } from '../health.ts';
import { useNowMs } from '../parts/now.ts';
import { Link, paths } from '../router.tsx';
import { isFinished, runDurationMs, selectionWords } from './run-words.ts';

const shownRuns = 48;
const leastShare = 0.08;

/** The recent runs as bars in the order of time: colour tells the end, height the duration. */
export function RunStrip({ runs }: { readonly runs: readonly RunSummary[] }): ReactNode {
  const nowMs = useNowMs(runs.some((run) => !isFinished(run.state)) ? 1000 : 0);
  const shown = runs.slice(0, shownRuns).toReversed();
  const longestMs = Math.max(1, ...shown.map((run) => runDurationMs(run, nowMs) ?? 0));
  const first = shown[0];
  return (
    <div className="run-strip">
      <ol>
        {shown.map((run) => {
          const durationMs = runDurationMs(run, nowMs) ?? 0;
          const share = Math.max(leastShare, Math.sqrt(durationMs / longestMs));
          const health = stateHealth(run.state);
          const words = `${health.word}: ${selectionWords(run)}, ${formatDateTime(run.createdAtMs)}, ${formatDuration(durationMs)}`;
          return (
            <li key={run.id}>
              <Link to={paths.run(run.id)} className={`tone-${health.tone}`} title={words} aria-label={words}>
                <span style={{ height: `${share * 100}%` }} />
              </Link>
            </li>
          );
        })}
      </ol>
      <p className="run-strip-ends quiet" aria-hidden="true">
        <span>{first && formatDateTime(first.createdAtMs)}</span>
        <span>now</span>
      </p>
    </div>
  );
}
