import type { ReactNode } from 'react';
import type { RunSummary } from '../../../src/server/contract.ts';
import { formatDuration } from '../format.ts';
import { stateHealth } from '../health.ts';
import { Moment } from '../parts/moment.tsx';
import { useNowMs } from '../parts/now.ts';
import { StateBadge } from '../parts/state-badge.tsx';
import { Link, paths } from '../router.tsx';
import { isFinished, runDurationMs, selectionWords, shortRunId, triggerWords } from './run-words.ts';

/** Runs, newest first, each leading to its page. */
export function RunTable({ runs }: { readonly runs: readonly RunSummary[] }): ReactNode {
  const nowMs = useNowMs(runs.some((run) => !isFinished(run.state)) ? 1000 : 0);
  return (
    <div className="table-scroll">
      <table className="runs">
        <caption className="unseen">Runs, newest first</caption>
        <thead>
          <tr>
            <th scope="col">Run</th>
            <th scope="col">State</th>
            <th scope="col">Selection</th>
            <th scope="col">Asked for by</th>
            <th scope="col">Steps</th>
            <th scope="col">Started</th>
            <th scope="col" className="number">
              Duration
            </th>
          </tr>
        </thead>
        <tbody>
          {runs.map((run) => (
            <tr key={run.id}>
              <th scope="row">
                <Link to={paths.run(run.id)}>{shortRunId(run.id)}</Link>
              </th>
              <td>
                <StateBadge health={stateHealth(run.state)} />
              </td>
              <td className="selection">{selectionWords(run)}</td>
              <td>{triggerWords(run)}</td>
              <td>
                <StepBar run={run} />
              </td>
              <td>
                <Moment atMs={run.startedAtMs ?? run.createdAtMs} />
              </td>
              <td className="number">{durationText(run, nowMs)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function durationText(run: RunSummary, nowMs: number): string {
  const durationMs = runDurationMs(run, nowMs);
  return durationMs === undefined ? '' : formatDuration(durationMs);
}

/** Shares of a run's steps by state. */
export function StepBar({ run }: { readonly run: Pick<RunSummary, 'stepCounts'> }): ReactNode {
  const { succeeded, failed, running, skipped, cancelled, pending } = run.stepCounts;
  const total = succeeded + failed + running + skipped + cancelled + pending;
  const parts = [
    { tone: 'good', count: succeeded, word: 'succeeded' },
    { tone: 'bad', count: failed, word: 'failed' },
    { tone: 'busy', count: running, word: 'running' },
    { tone: 'off', count: skipped, word: 'skipped' },
    { tone: 'off', count: cancelled, word: 'cancelled' },
  ].filter((part) => part.count > 0);
  const words = parts.map((part) => `${part.count} ${part.word}`).join(', ');
  return (
    <span className="step-bar" title={words || 'none yet'}>
      <span className="step-bar-track" aria-hidden="true">
        {parts.map((part) => (
          <span
            key={part.word}
            className={`tone-${part.tone}`}
            style={{ width: `${(part.count / Math.max(1, total)) * 100}%` }}
          />
        ))}
      </span>
      <span className="step-bar-text">
        {succeeded}/{total}
        <span className="unseen"> steps succeeded ({words})</span>
      </span>
    </span>
  );
}
