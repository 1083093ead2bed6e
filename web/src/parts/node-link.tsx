import type { ReactNode } from 'react';
import type { NodeKey } from '../../../src/server/contract.ts';
import type { NodeView } from '../health.ts';
import { Link, paths } from '../router.tsx';
import { Icon, kindIcon } from './icon.tsx';
import { StateDot } from './state-badge.tsx';

/** A node by kind, name and state, leading to its page. */
export function NodeLink({
  nodeKey,
  view,
}: {
  readonly nodeKey: NodeKey;
  readonly view: NodeView | undefined;
}): ReactNode {
  return (
    <Link to={paths.node(nodeKey)} className="node-link">
      {view && <Icon name={kindIcon(view.node)} size={14} />}
      <span className="node-link-key">{nodeKey}</span>
      {view && <StateDot health={view.health} />}
    </Link>
  );
}
