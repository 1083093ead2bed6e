import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import type { WorkerStatus } from '../../../src/server/contract.ts';
import { statusQuery } from '../api.ts';
import { Icon } from '../parts/icon.tsx';
import { Moment } from '../parts/moment.tsx';
import { Link, paths } from '../router.tsx';

/** Processes that do steps for this one; nothing where there are none. */
export function Workers(): ReactNode {
  const workers = useQuery(statusQuery()).data?.workers ?? [];
  if (workers.length === 0) return null;
  return (
    <section className="panel">
      <div className="panel-head">
        <h2>Workers</h2>
      </div>
      <ul className="schedules">
        {workers.map((worker) => (
          <WorkerItem key={worker.name} worker={worker} />
        ))}
      </ul>
    </section>
  );
}

function WorkerItem({ worker }: { readonly worker: WorkerStatus }): ReactNode {
  const [host = '', pid = ''] = worker.name.split(':');
  const pools = worker.pools.length === 0 ? '' : ` · ${worker.pools.join(', ')}`;
  return (
    <li>
      <Icon name="runs" />
      <span>
        <strong>
          {host} {pid}
        </strong>
        <small>
          {worker.state}
          {pools} · {worker.steps.length} of {worker.concurrency} · version {worker.manifestHash.slice(0, 8)}{' '}
          · since <Moment atMs={worker.startedAtMs} />
        </small>
        {worker.steps.map(({ runId, step }) => (
          <small key={`${runId} ${step}`}>
            <Link to={paths.run(runId)}>{step}</Link>
          </small>
        ))}
      </span>
      <span className="quiet">{worker.state}</span>
    </li>
  );
}
