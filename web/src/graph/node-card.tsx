import { memo, type ReactNode } from 'react';
import { formatCompact, formatCount } from '../format.ts';
import { kindWord, shortName, type NodeView } from '../health.ts';
import { IconShape, kindIcon } from '../parts/icon.tsx';
import { followInPage, paths } from '../router.tsx';
import type { PlacedNode } from './layout.ts';

export const cardSize = { width: 188, height: 60 };

const nameLength = 22;

interface NodeCardProps {
  readonly placed: PlacedNode;
  readonly view: NodeView;
  readonly dimmed: boolean;
  readonly onPoint: (key: string | undefined) => void;
}

/** A node as a card in the drawing, leading to its page. */
export const NodeCard = memo(function NodeCard({ placed, view, dimmed, onPoint }: NodeCardProps): ReactNode {
  const { node, health } = view;
  const path = paths.node(node.key);
  const name = shortName(node.key);
  return (
    <g transform={`translate(${placed.x} ${placed.y})`}>
      <a
        href={path}
        className={`card tone-${health.tone} kind-${node.kind}${dimmed ? ' dimmed' : ''}`}
        aria-label={cardLabel(view)}
        data-key={node.key}
        draggable={false}
        onClick={(event) => followInPage(event, path)}
        onMouseEnter={() => onPoint(node.key)}
        onMouseLeave={() => onPoint(undefined)}
        onFocus={() => onPoint(node.key)}
        onBlur={() => onPoint(undefined)}
      >
        <title>{cardLabel(view)}</title>
        <rect className="card-back" width={cardSize.width} height={cardSize.height} rx="10" />
        <path
          className="card-stripe"
          d={`M10 0H6A6 6 0 0 0 0 6V${cardSize.height - 6}a6 6 0 0 0 6 6H10Z`}
          clipPath="inset(0 5px 0 0 round 10px 0 0 10px)"
        />
        <text className="card-name" x="14" y="23">
          {name.length > nameLength ? `${name.slice(0, nameLength - 1)}…` : name}
        </text>
        <g className="card-kind" transform="translate(13 34)">
          <IconShape name={kindIcon(node)} />
        </g>
        <text className="card-detail" x="34" y="46.5">
          {cardDetail(view)}
        </text>
        <g className="card-state" transform={`translate(${cardSize.width - 27} 34)`}>
          <circle cx="8" cy="8" r="9.5" />
          <g className={health.tone === 'busy' ? 'turning-shape' : undefined}>
            <g transform="translate(1.6 1.6) scale(0.8)">
              <IconShape name={health.tone} />
            </g>
          </g>
        </g>
        <CheckBadge view={view} />
      </a>
    </g>
  );
});

function CheckBadge({ view }: { readonly view: NodeView }): ReactNode {
  const { passed, failed, warned, total } = view.checkCounts;
  if (total === 0) return null;
  const tone = failed > 0 ? 'bad' : warned > 0 ? 'warn' : passed === total ? 'good' : 'off';
  const text = `${passed}/${total}`;
  return (
    <g className={`card-checks tone-${tone}`} transform={`translate(${cardSize.width - 76} 33)`}>
      <rect width="44" height="18" rx="9" />
      <g transform="translate(5 3) scale(0.75)">
        <IconShape name="check" />
      </g>
      <text x="38" y="13.2" textAnchor="end">
        {text}
      </text>
    </g>
  );
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
