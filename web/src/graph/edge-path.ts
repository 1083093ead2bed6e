import type { Point } from './layout.ts';

/** A smooth line through the points, level wherever it passes a column. */
export function edgePath(points: readonly Point[]): string {
  const [start, ...rest] = points;
  if (!start) return '';
  let path = `M${round(start.x)} ${round(start.y)}`;
  let last = start;
  for (const point of rest) {
    path += last.y === point.y ? `H${round(point.x)}` : curve(last, point);
    last = point;
  }
  return path;
}

function curve(from: Point, to: Point): string {
  const pull = Math.max(24, Math.abs(to.x - from.x) / 2);
  const [first, second] = [round(from.x + pull), round(to.x - pull)];
  return `C${first} ${round(from.y)} ${second} ${round(to.y)} ${round(to.x)} ${round(to.y)}`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
