import type { ReactNode } from 'react';
import type { NodeView } from '../health.ts';
import { StateBadge } from '../parts/state-badge.tsx';
import { Link, paths } from '../router.tsx';

/** What somebody should look at; nothing when all is well. */
export function Attention({ nodes }: { readonly nodes: readonly NodeView[] }): ReactNode {
  const troubled = nodes.filter(
    ({ health, checkCounts, status }) =>
      (health.tone === 'bad' || health.tone === 'warn') &&
      (checkCounts.total === 0 || status.state === 'failed'),
  );
  if (troubled.length === 0) return null;
  return (
    <section className="panel attention">
      <div className="panel-head">
        <h2>Needs attention</h2>
        <span className="quiet">{troubled.length}</span>
      </div>
      <ul>
        {troubled.map(({ node, health, status }) => (
          <li key={node.key}>
            <StateBadge health={health} />
            <Link to={paths.node(node.key)}>{node.key}</Link>
            <span>{status.failure?.message ?? status.check?.message}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}
