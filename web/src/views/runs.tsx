import { useQuery } from '@tanstack/react-query';
import { useState, type ReactNode } from 'react';
import { runsQuery } from '../api.ts';
import { Answer, Empty } from '../parts/answer.tsx';
import { PageHead } from '../parts/page-head.tsx';
import { RunButton, RunDialogButton } from '../parts/run-button.tsx';
import { RunTable } from '../run/run-table.tsx';

const filters = ['all', 'open', 'succeeded', 'failed', 'cancelled'] as const;
type Filter = (typeof filters)[number];

const openStates: readonly string[] = ['queued', 'running', 'cancelling'];

export function RunsView(): ReactNode {
  const runs = useQuery(runsQuery());
  const [filter, setFilter] = useState<Filter>('all');
  return (
    <>
      <PageHead title="Runs">
        <RunDialogButton selection="" />
        <RunButton selection="" label="Run everything" primary />
      </PageHead>
      <div className="segments wide" role="group" aria-label="Which runs">
        {filters.map((one) => (
          <button key={one} type="button" aria-pressed={filter === one} onClick={() => setFilter(one)}>
            {one[0]?.toUpperCase() + one.slice(1)}
          </button>
        ))}
      </div>
      <Answer query={runs} of="the runs">
        {({ runs }) => {
          const shown = runs.filter((run) => fits(run.state, filter));
          if (shown.length > 0) {
            return (
              <div className="panel">
                <RunTable runs={shown} />
              </div>
            );
          }
          return (
            <Empty title={filter === 'all' ? 'Nothing has run yet' : 'No such runs among the last hundred'}>
              {filter === 'all' && (
                <p>
                  Press “Run everything”, or on the command line: <code>millrace run</code>
                </p>
              )}
            </Empty>
          );
        }}
      </Answer>
    </>
  );
}

function fits(state: string, filter: Filter): boolean {
  if (filter === 'all') return true;
  return filter === 'open' ? openStates.includes(state) : state === filter;
}
