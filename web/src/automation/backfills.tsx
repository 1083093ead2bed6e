import { useMutation, useQueryClient } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import type { BackfillRequest, BackfillStatus } from '../../../src/server/contract.ts';
import { changeBackfill } from '../api.ts';
import { formatCount } from '../format.ts';
import type { Health } from '../health.ts';
import { FailureBlock, failureOf } from '../parts/failure-block.tsx';
import { Icon, type IconName } from '../parts/icon.tsx';
import { Moment } from '../parts/moment.tsx';
import { StateBadge } from '../parts/state-badge.tsx';
import { Link, paths } from '../router.tsx';
import { shortRunId } from '../run/run-words.ts';
import { Section } from './section.tsx';

const healthOf: Readonly<Record<BackfillStatus['state'], Health>> = {
  running: { tone: 'busy', word: 'Running' },
  paused: { tone: 'waiting', word: 'Paused' },
  succeeded: { tone: 'good', word: 'Succeeded' },
  failed: { tone: 'bad', word: 'Failed' },
  cancelled: { tone: 'off', word: 'Cancelled' },
};

/** Backfills, newest first; open ones can be paused, resumed and cancelled. */
export function Backfills({ backfills }: { readonly backfills: readonly BackfillStatus[] }): ReactNode {
  return (
    <Section
      title="Backfills"
      count={backfills.length}
      none="None yet. On the command line: millrace backfill <selection> --partition <from>..<to>"
    >
      <thead>
        <tr>
          <th scope="col">Partitions</th>
          <th scope="col">State</th>
          <th scope="col">In runs</th>
          <th scope="col">Latest run</th>
          <th scope="col">Asked for</th>
          <th scope="col">
            <span className="unseen">Actions</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {backfills.map((backfill) => (
          <Backfill key={backfill.id} backfill={backfill} />
        ))}
      </tbody>
    </Section>
  );
}

function Backfill({ backfill }: { readonly backfill: BackfillStatus }): ReactNode {
  const { state, selection, partitions, partitionCount, requestedCount, runId, reason } = backfill;
  return (
    <tr>
      <th scope="row">
        {selection || 'everything'} <code>{partitions}</code>
        {reason !== undefined && <small className="block quiet">{reason}</small>}
      </th>
      <td>
        <StateBadge health={healthOf[state]} />
      </td>
      <td>
        <progress max={Math.max(1, partitionCount)} value={requestedCount} aria-label="Partitions in runs" />{' '}
        {formatCount(requestedCount)} of {formatCount(partitionCount)}
      </td>
      <td>{runId !== undefined && <Link to={paths.run(runId)}>{shortRunId(runId)}</Link>}</td>
      <td>
        <Moment atMs={backfill.createdAtMs} />
      </td>
      <td>
        <Actions backfill={backfill} />
      </td>
    </tr>
  );
}

type Action = BackfillRequest['action'];

const actions: Readonly<Record<Action, { readonly word: string; readonly icon: IconName }>> = {
  pause: { word: 'Pause', icon: 'pause' },
  resume: { word: 'Resume', icon: 'play' },
  cancel: { word: 'Cancel', icon: 'stop' },
};

const actionsIn: Readonly<Partial<Record<BackfillStatus['state'], readonly Action[]>>> = {
  running: ['pause', 'cancel'],
  paused: ['resume', 'cancel'],
};

function Actions({ backfill }: { readonly backfill: BackfillStatus }): ReactNode {
  const client = useQueryClient();
  const change = useMutation({
    mutationFn: (action: Action) => changeBackfill(backfill.id, action),
    onSuccess: () => void client.invalidateQueries({ queryKey: ['automation'] }),
  });
  return (
    <span className="row-actions">
      {(actionsIn[backfill.state] ?? []).map((action) => (
        <button
          key={action}
          type="button"
          className="button small"
          disabled={change.isPending}
          onClick={() => change.mutate(action)}
        >
          <Icon name={actions[action].icon} size={12} />
          {actions[action].word}
        </button>
      ))}
      {change.error && <FailureBlock failure={failureOf(change.error)} title="Nothing was changed" />}
    </span>
  );
}
