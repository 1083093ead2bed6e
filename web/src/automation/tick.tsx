import type { ReactNode } from 'react';
import type { TickSummary } from '../../../src/server/contract.ts';
import { Moment } from '../parts/moment.tsx';
import { Link, paths } from '../router.tsx';
import { shortRunId } from '../run/run-words.ts';

/** What came of the last look: a run, or why there was none. */
export function Tick({ tick }: { readonly tick: TickSummary | undefined }): ReactNode {
  if (!tick) return <span className="quiet">nothing yet</span>;
  return (
    <span>
      <TickOutcome tick={tick} />{' '}
      <small className="quiet">
        <Moment atMs={tick.atMs} />
      </small>
    </span>
  );
}

function TickOutcome({ tick }: { readonly tick: TickSummary }): ReactNode {
  if (tick.outcome !== 'started') {
    const reason = tick.reason?.split('\n', 1)[0] ?? tick.outcome;
    return <span className={tick.outcome === 'failed' ? 'failed-text' : undefined}>{reason}</span>;
  }
  return (
    <span>
      started{' '}
      {tick.runIds.map((runId) => (
        <Link key={runId} to={paths.run(runId)}>
          {shortRunId(runId)}{' '}
        </Link>
      ))}
    </span>
  );
}
