import { useMemo, useState, type ReactNode } from 'react';
import type { GraphNodePayload, NodeKey } from '../../../src/server/contract.ts';
import type { NodeView } from '../health.ts';
import { Icon } from '../parts/icon.tsx';
import { edgePath } from './edge-path.ts';
import { layoutGraph, type GraphLayout, type PlacedEdge } from './layout.ts';
import { lineageOf } from './lineage.ts';
import { cardSize, NodeCard } from './node-card.tsx';
import { useViewport, type Viewport } from './viewport.ts';

interface GraphCanvasProps {
  /** Everything but checks, which are drawn as a badge on their asset. Laid out again when this changes. */
  readonly nodes: readonly GraphNodePayload[];
  readonly views: ReadonlyMap<NodeKey, NodeView>;
  /** Nodes that a search found; undefined when nothing is searched. */
  readonly found: ReadonlySet<NodeKey> | undefined;
}

const farScale = 0.28;
const layoutSizes = { nodeWidth: cardSize.width, nodeHeight: cardSize.height, rankGap: 36, rowGap: 18 };

/** The graph as a drawing: drag or scroll to move, pinch or ctrl + wheel to zoom. */
export function GraphCanvas({ nodes, views, found }: GraphCanvasProps): ReactNode {
  const layout = useMemo(() => layoutGraph(orderForLayout(nodes), layoutSizes), [nodes]);
  const control = useViewport(layout);
  const [pointed, setPointed] = useState<NodeKey>();
  const lineage = useMemo(
    () => (pointed === undefined ? undefined : lineageOf(pointed, nodes)),
    [pointed, nodes],
  );
  const { viewport, size } = control;
  const lit = lineage ?? found;
  const isLit = (key: NodeKey): boolean => lit === undefined || lit.has(key);
  return (
    <div className="graph-frame" ref={control.frame} {...control.pointerHandlers}>
      <div
        className="graph-drawing"
        role="group"
        aria-label="Graph of the project"
        style={{ transform: `translate(${viewport.x}px, ${viewport.y}px) scale(${viewport.scale})` }}
      >
        <svg width={layout.width} height={layout.height} aria-hidden="true">
          {visibleEdges(layout, viewport, size).map((edge) => (
            <path
              key={`${edge.from}>${edge.to}>${edge.kind}`}
              className={edgeClass(edge, lineage, isLit)}
              d={edgePath(edge.points)}
            />
          ))}
        </svg>
        {layout.nodes.map((placed) => {
          const view = views.get(placed.key);
          if (!view || !isVisible(placed.x, placed.y, cardSize, viewport, size)) return null;
          return (
            <NodeCard
              key={placed.key}
              placed={placed}
              view={view}
              dimmed={!isLit(placed.key)}
              far={viewport.scale < farScale}
              onPoint={setPointed}
            />
          );
        })}
      </div>
      <div className="graph-buttons" role="group" aria-label="Zoom">
        <button type="button" aria-label="Zoom in" title="Zoom in" onClick={() => control.zoomBy(1.25)}>
          <Icon name="plus" />
        </button>
        <button type="button" aria-label="Zoom out" title="Zoom out" onClick={() => control.zoomBy(0.8)}>
          <Icon name="minus" />
        </button>
        <button type="button" aria-label="Show all" title="Show all" onClick={control.fit}>
          <Icon name="fit" />
        </button>
      </div>
    </div>
  );
}

/** Groups stay together where the edges do not say otherwise. */
function orderForLayout(nodes: readonly GraphNodePayload[]): readonly GraphNodePayload[] {
  return nodes.toSorted((a, b) => (a.group === b.group ? compare(a.key, b.key) : compare(a.group, b.group)));
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}

function edgeClass(
  edge: PlacedEdge,
  lineage: ReadonlySet<NodeKey> | undefined,
  isLit: (key: NodeKey) => boolean,
): string {
  const lit = isLit(edge.from) && isLit(edge.to);
  return `edge ${edge.kind}${lit ? '' : ' dimmed'}${lit && lineage ? ' lit' : ''}`;
}

interface Size {
  readonly width: number;
  readonly height: number;
}

function isVisible(x: number, y: number, box: Size, viewport: Viewport, window: Size): boolean {
  const left = x * viewport.scale + viewport.x;
  const top = y * viewport.scale + viewport.y;
  return (
    left < window.width &&
    top < window.height &&
    left + box.width * viewport.scale > 0 &&
    top + box.height * viewport.scale > 0
  );
}

function visibleEdges(layout: GraphLayout, viewport: Viewport, window: Size): readonly PlacedEdge[] {
  return layout.edges.filter(({ points }) => {
    const xs = points.map((point) => point.x);
    const ys = points.map((point) => point.y);
    const [x, y] = [Math.min(...xs), Math.min(...ys)];
    const box = { width: Math.max(...xs) - x, height: Math.max(1, Math.max(...ys) - y) };
    return isVisible(x, y, box, viewport, window);
  });
}
