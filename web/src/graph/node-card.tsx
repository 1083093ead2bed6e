import { memo, type ReactNode } from 'react';
import { formatCompact, formatCount } from '../format.ts';
import { kindWord, shortName, type Health, type NodeView } from '../health.ts';
import { Icon, kindIcon } from '../parts/icon.tsx';
import { StateDot } from '../parts/state-badge.tsx';
import { followInPage, paths } from '../router.tsx';
import type { PlacedNode } from './layout.ts';

/** In pixels at scale 1; the style sheet says the same. */
export const cardSize = { width: 204, height: 60 };

interface NodeCardProps {
  readonly placed: PlacedNode;
  readonly view: NodeView;
  readonly dimmed: boolean;
  /** Seen from so far that nothing could be read: only the state's colour is drawn. */
  readonly far: boolean;
  readonly onPoint: (key: string | undefined) => void;
}

/** A node as a card in the drawing, leading to its page. */
export const NodeCard = memo(function NodeCard({
  placed,
  view,
  dimmed,
  far,
  onPoint,
}: NodeCardProps): ReactNode {
  const { node, health } = view;
  const path = paths.node(node.key);
  return (
    <a
      href={path}
      className={`card tone-${health.tone} kind-${node.kind}${dimmed ? ' dimmed' : ''}${far ? ' far' : ''}`}
      style={{ transform: `translate(${placed.x}px, ${placed.y}px)` }}
      aria-label={cardLabel(view)}
      title={cardLabel(view)}
      data-key={node.key}
      draggable={false}
      onClick={(event) => followInPage(event, path)}
      onMouseEnter={() => onPoint(node.key)}
      onMouseLeave={() => onPoint(undefined)}
      onFocus={() => onPoint(node.key)}
      onBlur={() => onPoint(undefined)}
    >
      {!far && <CardText view={view} />}
    </a>
  );
});

function CardText({ view }: { readonly view: NodeView }): ReactNode {
  const { node, health } = view;
  return (
    <>
      <span className="card-name">{shortName(node.key)}</span>
      <span className="card-line">
        <Icon name={kindIcon(node)} size={14} />
        <span className="card-detail">{cardDetail(view)}</span>
        <CheckBadge view={view} />
        <StateDot health={health} />
      </span>
    </>
  );
}

function CheckBadge({ view }: { readonly view: NodeView }): ReactNode {
  const { passed, total } = view.checkCounts;
  if (total === 0) return null;
  return (
    <span className={`card-checks tone-${checkTone(view)}`}>
      <Icon name="check" size={11} />
      {passed === total ? total : `${passed}/${total}`}
    </span>
  );
}

function checkTone({ checkCounts }: NodeView): Health['tone'] {
  if (checkCounts.failed > 0) return 'bad';
  if (checkCounts.warned > 0) return 'warn';
  return checkCounts.passed === checkCounts.total ? 'good' : 'off';
}

function cardDetail({ node, status }: NodeView): string {
  const rows = status.rows === undefined ? '' : ` · ${formatCompact(status.rows)}`;
  return `${kindWord(node)}${rows}`;
}

function cardLabel({ node, status, health, checkCounts }: NodeView): string {
  const rows = status.rows === undefined ? '' : `, ${formatCount(status.rows)} rows`;
  const checks =
    checkCounts.total === 0 ? '' : `, ${checkCounts.passed} of ${checkCounts.total} checks passed`;
  return `${node.key}, ${kindWord(node)}: ${health.word}${rows}${checks}`;
}
