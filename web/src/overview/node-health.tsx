import type { ReactNode } from 'react';
import { formatCount } from '../format.ts';
import { shortName, type NodeView } from '../health.ts';
import { Empty } from '../parts/answer.tsx';
import { Icon, kindIcon } from '../parts/icon.tsx';
import { StateDot } from '../parts/state-badge.tsx';
import { Link, paths } from '../router.tsx';

const shownPerGroup = 40;

/** Every asset, task and sync with its state, by group. */
export function NodeHealth({ nodes }: { readonly nodes: readonly NodeView[] }): ReactNode {
  const groups = Map.groupBy(
    nodes.filter(({ node }) => node.kind !== 'check' && node.kind !== 'report'),
    ({ node }) => node.group || node.kind,
  );
  return (
    <section className="panel">
      <div className="panel-head">
        <h2>What is kept up to date</h2>
        <Link to="/graph">Graph</Link>
      </div>
      {groups.size === 0 && <Empty title="Nothing is defined yet" />}
      <dl className="asset-groups">
        {[...groups].map(([group, views]) => (
          <div key={group}>
            <dt>{group}</dt>
            <dd>
              <ul>
                {views.slice(0, shownPerGroup).map(({ node, health }) => (
                  <li key={node.key}>
                    <Link
                      to={paths.node(node.key)}
                      className={`asset-chip tone-${health.tone}`}
                      title={node.key}
                    >
                      <Icon name={kindIcon(node)} size={13} />
                      <span>{shortName(node.key)}</span>
                      <StateDot health={health} />
                    </Link>
                  </li>
                ))}
                {views.length > shownPerGroup && (
                  <li>
                    <Link to="/graph">and {formatCount(views.length - shownPerGroup)} more</Link>
                  </li>
                )}
              </ul>
            </dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
