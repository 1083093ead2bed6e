import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { automationQuery } from '../api.ts';
import type { Health, NodeView } from '../health.ts';
import { StateBadge } from '../parts/state-badge.tsx';
import { Link, paths } from '../router.tsx';

const failingHealth: Health = { tone: 'bad', word: 'Failing' };

/** What somebody should look at: nodes, and sensors that fail. Nothing when all is well. */
export function Attention({ nodes }: { readonly nodes: readonly NodeView[] }): ReactNode {
  const troubled = nodes.filter(
    ({ health, checkCounts, status }) =>
      (health.tone === 'bad' || health.tone === 'warn') &&
      (checkCounts.total === 0 || status.state === 'failed'),
  );
  const { triggers = [] } = useQuery(automationQuery()).data ?? {};
  const failing = triggers.filter(({ condition }) => condition === 'failing');
  const count = troubled.length + failing.length;
  if (count === 0) return null;
  return (
    <section className="panel attention">
      <div className="panel-head">
        <h2>Needs attention</h2>
        <span className="quiet">{count}</span>
      </div>
      <ul>
        {troubled.map(({ node, health, status }) => (
          <li key={node.key}>
            <StateBadge health={health} />
            <Link to={paths.node(node.key)}>{node.key}</Link>
            <span>{status.failure?.message ?? status.check?.message}</span>
          </li>
        ))}
        {failing.map(({ name, kind, lastTick }) => (
          <li key={`${kind} ${name}`}>
            <StateBadge health={failingHealth} />
            <Link to="/automation">
              {kind} {name}
            </Link>
            <span>{lastTick?.reason}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}
