import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import type { NodeKey, PartitionsPayload } from '../../../src/server/contract.ts';
import { partitionsQuery } from '../api.ts';
import { formatCount } from '../format.ts';
import { stateHealth, type Health } from '../health.ts';
import { Answer } from '../parts/answer.tsx';
import { StateBadge } from '../parts/state-badge.tsx';

/** Longer lists of partitions are cut here. */
const shownCharacters = 400;

/** How a node's partitions are: shares of the whole, and which they are. */
export function Partitions({ nodeKey }: { readonly nodeKey: NodeKey }): ReactNode {
  const partitions = useQuery(partitionsQuery(nodeKey));
  return (
    <section className="panel">
      <div className="panel-head">
        <h2>Partitions</h2>
        {partitions.data && <span className="quiet">{formatCount(partitions.data.count)}</span>}
      </div>
      <Answer query={partitions} of="the partitions">
        {(status) => <Groups status={status} />}
      </Answer>
    </section>
  );
}

const groups: readonly {
  readonly name: Exclude<keyof PartitionsPayload, 'key' | 'count'>;
  readonly health: Health;
}[] = [
  { name: 'succeeded', health: stateHealth('succeeded') },
  { name: 'stale', health: { tone: 'warn', word: 'Stale' } },
  { name: 'behind', health: { tone: 'warn', word: 'Upstream stale' } },
  { name: 'failed', health: stateHealth('failed') },
  { name: 'running', health: stateHealth('running') },
  { name: 'waiting', health: stateHealth('pending') },
  { name: 'missing', health: { tone: 'off', word: 'Missing' } },
];

function Groups({ status }: { readonly status: PartitionsPayload }): ReactNode {
  const shown = groups.flatMap(({ name, health }) => {
    const group = status[name];
    return group && group.count > 0 ? [{ name, health, ...group }] : [];
  });
  return (
    <>
      <div className="share-bar" aria-hidden="true">
        {shown.map(({ name, health, count }) => (
          <span key={name} className={`tone-${health.tone}`} style={{ flexGrow: count }} />
        ))}
      </div>
      <dl className="facts shares">
        {shown.map(({ name, health, count, text }) => (
          <div key={name}>
            <dt>
              <StateBadge health={health} />
            </dt>
            <dd>
              {formatCount(count)} <code className="wrap">{shorten(text)}</code>
            </dd>
          </div>
        ))}
      </dl>
      {status.failed.count + status.missing.count > 0 && (
        <p className="quiet pad">
          To make what is not there: <code>millrace backfill {status.key} --partition all --missing</code>
        </p>
      )}
    </>
  );
}

function shorten(text: string): string {
  return text.length > shownCharacters ? `${text.slice(0, shownCharacters)}…` : text;
}
