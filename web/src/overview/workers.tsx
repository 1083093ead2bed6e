import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import type { WorkerStatus } from '../../../src/server/contract.ts';
import { projectQuery, statusQuery } from '../api.ts';
import type { Health } from '../health.ts';
import { Icon } from '../parts/icon.tsx';
import { Moment } from '../parts/moment.tsx';
import { StateBadge } from '../parts/state-badge.tsx';
import { Link, paths } from '../router.tsx';

/** Processes that do steps for this one; nothing where there are none. */
export function Workers(): ReactNode {
  const workers = useQuery(statusQuery()).data?.workers ?? [];
  const version = useQuery(projectQuery()).data?.manifestHash;
  if (workers.length === 0) return null;
  return (
    <section className="panel">
      <div className="panel-head">
        <h2>Workers</h2>
        <span className="quiet">{workers.length}</span>
      </div>
      <ul className="schedules">
        {workers.map((worker) => (
          <WorkerItem key={worker.name} worker={worker} version={version} />
        ))}
      </ul>
    </section>
  );
}

const healthOf: Readonly<Record<WorkerStatus['state'], Health>> = {
  working: { tone: 'good', word: 'Ready' },
  draining: { tone: 'warn', word: 'Draining' },
  silent: { tone: 'bad', word: 'Silent' },
};

function WorkerItem({
  worker,
  version,
}: {
  readonly worker: WorkerStatus;
  readonly version: string | undefined;
}): ReactNode {
  const { name, state, pools, steps, concurrency, manifestHash, startedAtMs } = worker;
  const [host = '', pid = ''] = name.split(':');
  const isAtWork = state === 'working' && steps.length > 0;
  const isOther = version !== undefined && manifestHash !== version;
  return (
    <li>
      <Icon name="runs" />
      <span title={name}>
        <strong>
          {host} · process {pid}
        </strong>
        <small>
          {steps.length} of {concurrency} steps
          {pools.length > 0 && ` · pools ${pools.join(', ')}`} · started <Moment atMs={startedAtMs} />
        </small>
        {isOther && (
          <small>Has read other definitions, {manifestHash.slice(0, 8)}: it takes no new steps</small>
        )}
        {steps.map(({ runId, step }) => (
          <small key={`${runId} ${step}`}>
            <Link to={paths.run(runId)}>{step}</Link>
          </small>
        ))}
      </span>
      <StateBadge health={isAtWork ? { tone: 'busy', word: 'Working' } : healthOf[state]} />
    </li>
  );
}
