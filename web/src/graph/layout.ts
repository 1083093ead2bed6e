import { isotonic } from './isotonic.ts';

/** What is to be placed. Edges whose end is not in the list are left out. */
export interface LayoutInput {
  readonly key: string;
  readonly edges: readonly { readonly from: string; readonly kind: string }[];
}

/** Sizes in pixels at scale 1. */
export interface LayoutSizes {
  readonly nodeWidth: number;
  readonly nodeHeight: number;
  readonly rankGap: number;
  readonly rowGap: number;
}

export interface PlacedNode {
  readonly key: string;
  /** Left upper corner. */
  readonly x: number;
  readonly y: number;
}

export interface PlacedEdge {
  readonly from: string;
  readonly to: string;
  readonly kind: string;
  /** From the right side of `from`, past other nodes, to the left side of `to`. */
  readonly points: readonly Point[];
}

export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface GraphLayout {
  readonly nodes: readonly PlacedNode[];
  readonly edges: readonly PlacedEdge[];
  readonly width: number;
  readonly height: number;
}

/** A node, or a bend that keeps a long edge out of the way of the nodes between its ends. */
interface Cell {
  readonly id: string;
  readonly rank: number;
  readonly height: number;
  readonly before: Cell[];
  readonly after: Cell[];
  row: number;
  /** Centre. */
  y: number;
}

const orderSweeps = 12;
const placeSweeps = 16;
const bendHeight = 6;

/**
 * Places a directed graph in columns from left to right: rank by longest path, order by barycentre
 * sweeps, heights by pulling neighbours level. The same input gives the same picture. An edge that
 * closes a circle is drawn backwards.
 */
export function layoutGraph(nodes: readonly LayoutInput[], sizes: LayoutSizes): GraphLayout {
  const ranks = rankNodes(nodes);
  const cells = new Map<string, Cell>();
  for (const node of nodes)
    cells.set(node.key, newCell(node.key, ranks.get(node.key) ?? 0, sizes.nodeHeight));
  const chains = linkCells(nodes, cells);
  const columns = inColumns(cells.values());
  orderColumns(columns);
  placeColumns(columns, sizes.rowGap);
  return picture(nodes, cells, chains, sizes);
}

/** Longest path from the left; nodes without a parent move next to their nearest reader. */
function rankNodes(nodes: readonly LayoutInput[]): Map<string, number> {
  const known = new Set(nodes.map((node) => node.key));
  const readers = new Map<string, string[]>(nodes.map((node) => [node.key, []]));
  const waitsFor = new Map<string, number>();
  for (const node of nodes) {
    const parents = new Set(node.edges.map((edge) => edge.from).filter((from) => known.has(from)));
    waitsFor.set(node.key, parents.size);
    for (const parent of parents) readers.get(parent)?.push(node.key);
  }
  const ranks = new Map<string, number>();
  const ready = nodes.map((node) => node.key).filter((key) => waitsFor.get(key) === 0);
  const roots = [...ready];
  for (const key of ready) {
    const rank = ranks.get(key) ?? 0;
    ranks.set(key, rank);
    for (const reader of readers.get(key) ?? []) {
      ranks.set(reader, Math.max(ranks.get(reader) ?? 0, rank + 1));
      const left = (waitsFor.get(reader) ?? 0) - 1;
      waitsFor.set(reader, left);
      if (left === 0) ready.push(reader);
    }
  }
  for (const root of roots) {
    const nearest = (readers.get(root) ?? []).map((reader) => ranks.get(reader) ?? 0);
    if (nearest.length > 0) ranks.set(root, Math.max(0, Math.min(...nearest) - 1));
  }
  return ranks;
}

function newCell(id: string, rank: number, height: number): Cell {
  return { id, rank, height, before: [], after: [], row: 0, y: 0 };
}

interface Chain {
  readonly from: string;
  readonly to: string;
  readonly kind: string;
  readonly bends: readonly Cell[];
}

function linkCells(nodes: readonly LayoutInput[], cells: Map<string, Cell>): Chain[] {
  const chains: Chain[] = [];
  for (const node of nodes) {
    for (const edge of node.edges) {
      const from = cells.get(edge.from);
      const to = cells.get(node.key);
      if (!from || !to) continue;
      const bends: Cell[] = [];
      let last = from;
      for (let rank = from.rank + 1; rank < to.rank; rank += 1) {
        const bend = newCell(`${edge.from}>${node.key}>${rank}`, rank, bendHeight);
        cells.set(bend.id, bend);
        bends.push(bend);
        connect(last, bend);
        last = bend;
      }
      if (to.rank > from.rank) connect(last, to);
      chains.push({ from: edge.from, to: node.key, kind: edge.kind, bends });
    }
  }
  return chains;
}

function connect(left: Cell, right: Cell): void {
  left.after.push(right);
  right.before.push(left);
}

function inColumns(cells: Iterable<Cell>): Cell[][] {
  const columns: Cell[][] = [];
  for (const cell of cells) {
    const column = (columns[cell.rank] ??= []);
    cell.row = column.length;
    column.push(cell);
  }
  return Array.from(columns, (column) => column ?? []);
}

function orderColumns(columns: readonly Cell[][]): void {
  for (let sweep = 0; sweep < orderSweeps; sweep += 1) {
    const forward = sweep % 2 === 0;
    for (const column of forward ? columns : columns.toReversed()) {
      const wish = new Map(
        column.map((cell) => [cell, mean(forward ? cell.before : cell.after, 'row') ?? cell.row]),
      );
      column.sort((a, b) => (wish.get(a) ?? 0) - (wish.get(b) ?? 0) || a.row - b.row);
      column.forEach((cell, row) => (cell.row = row));
    }
  }
}

function placeColumns(columns: readonly Cell[][], gap: number): void {
  for (const column of columns)
    settle(
      column,
      column.map(() => 0),
      gap,
    );
  for (let sweep = 0; sweep < placeSweeps; sweep += 1) {
    const forward = sweep % 2 === 1;
    for (const column of forward ? columns : columns.toReversed()) {
      const wishes = column.map((cell) => {
        const main = mean(forward ? cell.before : cell.after, 'y');
        return main ?? mean(forward ? cell.after : cell.before, 'y') ?? cell.y;
      });
      settle(column, wishes, gap);
    }
  }
}

/** Brings cells as near to their wishes as their order and the gap between them allow. */
function settle(column: readonly Cell[], wishes: readonly number[], gap: number): void {
  const offsets: number[] = [];
  let offset = 0;
  column.forEach((cell, row) => {
    const above = column[row - 1];
    if (above) offset += (above.height + cell.height) / 2 + gap;
    offsets.push(offset);
  });
  const free = isotonic(wishes.map((wish, row) => wish - (offsets[row] ?? 0)));
  column.forEach((cell, row) => (cell.y = (free[row] ?? 0) + (offsets[row] ?? 0)));
}

function mean(cells: readonly Cell[], of: 'row' | 'y'): number | undefined {
  if (cells.length === 0) return undefined;
  return cells.reduce((sum, cell) => sum + cell[of], 0) / cells.length;
}

function picture(
  nodes: readonly LayoutInput[],
  cells: ReadonlyMap<string, Cell>,
  chains: readonly Chain[],
  sizes: LayoutSizes,
): GraphLayout {
  const left = (cell: Cell): number => cell.rank * (sizes.nodeWidth + sizes.rankGap);
  const all = [...cells.values()];
  const top = Math.min(0, ...all.map((cell) => cell.y - cell.height / 2));
  const placed = nodes.flatMap(({ key }) => {
    const cell = cells.get(key);
    return cell ? [{ key, x: left(cell), y: cell.y - cell.height / 2 - top }] : [];
  });
  const edges = chains.flatMap(({ from, to, kind, bends }) => {
    const [start, end] = [cells.get(from), cells.get(to)];
    if (!start || !end) return [];
    const points = [
      { x: left(start) + sizes.nodeWidth, y: start.y - top },
      ...bends.flatMap((bend) => [
        { x: left(bend), y: bend.y - top },
        { x: left(bend) + sizes.nodeWidth, y: bend.y - top },
      ]),
      { x: left(end), y: end.y - top },
    ];
    return [{ from, to, kind, points }];
  });
  return {
    nodes: placed,
    edges,
    width: Math.max(0, ...all.map((cell) => left(cell) + sizes.nodeWidth)),
    height: Math.max(0, ...all.map((cell) => cell.y + cell.height / 2 - top)),
  };
}
