import type { ReactNode } from 'react';
import { formatQuantity } from '../format.ts';
import { shortName, type NodeView } from '../health.ts';
import { StateDot } from '../parts/state-badge.tsx';
import { Link, paths } from '../router.tsx';

/** The checks of an asset, the broken ones with what they found. */
export function CheckList({ checks }: { readonly checks: readonly NodeView[] }): ReactNode {
  return (
    <ul className="checks">
      {checks.map((check) => (
        <li key={check.node.key}>
          <StateDot health={check.health} />
          <Link to={paths.node(check.node.key)}>{shortName(check.node.key)}</Link>
          <span className="quiet">{check.node.check?.severity === 'warn' ? 'warns' : 'blocks'}</span>
          {check.status.check?.passed === false && (
            <p className="check-finding">
              {check.status.check.message || formatQuantity(check.status.check.failures, 'row')}
            </p>
          )}
        </li>
      ))}
    </ul>
  );
}
