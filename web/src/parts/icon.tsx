import type { ReactNode } from 'react';
import type { GraphNodePayload } from '../../../src/server/contract.ts';

const stroke = {
  fill: 'none',
  stroke: 'currentColor',
  strokeWidth: 1.6,
  strokeLinecap: 'round',
  strokeLinejoin: 'round',
} as const;

/** Shapes on a 16 by 16 field. */
const shapes = {
  overview: <path {...stroke} d="M2.5 9.5h3l1.6-5 2.4 8 1.6-3h2.4" />,
  graph: (
    <g {...stroke}>
      <rect x="1.8" y="6" width="4" height="4" rx="1" />
      <rect x="10.2" y="2" width="4" height="4" rx="1" />
      <rect x="10.2" y="10" width="4" height="4" rx="1" />
      <path d="M5.8 8c2.6 0 1.8-4 4.4-4M5.8 8c2.6 0 1.8 4 4.4 4" />
    </g>
  ),
  runs: <path {...stroke} d="M2 4h7M5 8h8M8 12h6" />,
  reports: <path {...stroke} d="M2.5 13.5h11M4.5 11V8M8 11V3.5M11.5 11V6" />,
  curation: <path {...stroke} d="M3 4.5h10M4.4 4.5l.7 8.5h5.8l.7-8.5M6.4 4.5V2.8h3.2v1.7" />,
  source: (
    <g {...stroke}>
      <ellipse cx="8" cy="4" rx="5" ry="2" />
      <path d="M3 4v8c0 1.1 2.2 2 5 2s5-.9 5-2V4M3 8c0 1.1 2.2 2 5 2s5-.9 5-2" />
    </g>
  ),
  table: (
    <g {...stroke}>
      <rect x="2" y="3" width="12" height="10" rx="1.5" />
      <path d="M2 6.5h12M6.5 6.5V13" />
    </g>
  ),
  model: (
    <g {...stroke}>
      <path d="M8 1.8 14 5v6l-6 3.2L2 11V5zM2 5l6 3.2L14 5M8 8.2v6" />
    </g>
  ),
  seed: (
    <path
      {...stroke}
      d="M8 14V8M8 8C8 5 5.8 3.6 3 3.6 3 6.5 5 8 8 8ZM8 9.6c0-2.4 2-3.8 5-3.8 0 2.6-2 3.8-5 3.8Z"
    />
  ),
  file: <path {...stroke} d="M4 1.8h5L12.5 5v9.2h-8.5zM9 1.8V5h3.5" />,
  task: <path {...stroke} d="M9 1.5 3.5 9H8l-1 5.5L12.5 7H8z" />,
  check: <path {...stroke} d="M8 1.8 13 4v4c0 3-2 5.2-5 6.2C5 13.2 3 11 3 8V4zM5.8 8l1.7 1.7L10.4 6.6" />,
  sync: <path {...stroke} d="M2.5 6h9.5M9.5 3.2 12.3 6 9.5 8.8M13.5 11H4M6.5 8.8 3.7 11l2.8 2.8" />,
  report: <path {...stroke} d="M2.5 13.5h11M4.5 11V8M8 11V3.5M11.5 11V6" />,
  good: <path {...stroke} strokeWidth={2} d="m3.5 8.4 3 3 6-6.6" />,
  busy: <path {...stroke} strokeWidth={2} d="M8 2.5A5.5 5.5 0 1 1 2.5 8" />,
  bad: <path {...stroke} strokeWidth={2} d="m4 4 8 8M12 4l-8 8" />,
  warn: <path {...stroke} strokeWidth={2} d="M8 3.2v5.6M8 12.2v.3" />,
  waiting: <path {...stroke} strokeWidth={2} d="M3.5 8h.2M8 8h.2M12.5 8h.2" />,
  off: <path {...stroke} strokeWidth={2} d="M4.5 8h7" />,
  play: (
    <path d="M5 3.2v9.6c0 .5.5.8.9.5l7.2-4.8a.6.6 0 0 0 0-1L5.9 2.7c-.4-.3-.9 0-.9.5Z" fill="currentColor" />
  ),
  pause: (
    <g fill="currentColor">
      <rect x="4" y="3.5" width="3" height="9" rx="1" />
      <rect x="9" y="3.5" width="3" height="9" rx="1" />
    </g>
  ),
  stop: <rect x="4" y="4" width="8" height="8" rx="1.5" fill="currentColor" />,
  plus: <path {...stroke} d="M8 3.5v9M3.5 8h9" />,
  minus: <path {...stroke} d="M3.5 8h9" />,
  fit: <path {...stroke} d="M2.5 6V2.5H6M10 2.5h3.5V6M13.5 10v3.5H10M6 13.5H2.5V10" />,
  search: <path {...stroke} d="M11.5 11.5 14 14M7.2 12.2a5 5 0 1 1 0-10 5 5 0 0 1 0 10Z" />,
  sun: (
    <g {...stroke}>
      <circle cx="8" cy="8" r="2.8" />
      <path d="M8 1.5V3M8 13v1.5M1.5 8H3M13 8h1.5M3.4 3.4l1 1M11.6 11.6l1 1M3.4 12.6l1-1M11.6 4.4l1-1" />
    </g>
  ),
  moon: <path {...stroke} d="M13.2 9.6A5.6 5.6 0 0 1 6.4 2.8a5.6 5.6 0 1 0 6.8 6.8Z" />,
  system: (
    <g {...stroke}>
      <rect x="2" y="3" width="12" height="8" rx="1.2" />
      <path d="M6 13.5h4" />
    </g>
  ),
  clock: <path {...stroke} d="M8 4.6V8l2.2 1.4M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12Z" />,
} as const;

export type IconName = keyof typeof shapes;

/** A sign beside a word; it says nothing to a screen reader. */
export function Icon({ name, size = 16 }: { readonly name: IconName; readonly size?: number }): ReactNode {
  return (
    <svg className="icon" width={size} height={size} viewBox="0 0 16 16" aria-hidden="true" focusable="false">
      {shapes[name]}
    </svg>
  );
}

export function kindIcon(node: Pick<GraphNodePayload, 'kind' | 'type'>): IconName {
  if (node.kind !== 'asset') return node.kind;
  return assetIcons[node.type] ?? 'table';
}

const assetIcons: Readonly<Record<string, IconName>> = {
  source: 'source',
  table: 'table',
  model: 'model',
  seed: 'seed',
  file: 'file',
};
