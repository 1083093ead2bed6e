import { expect, test } from 'vitest';
import { fitViewport, zoomAround } from './viewport.ts';

test('a small drawing is centred and not magnified', () => {
  expect(fitViewport({ width: 100, height: 50 }, { width: 1000, height: 600 })).toEqual({
    x: 450,
    y: 275,
    scale: 1,
  });
});

test('a large drawing fits with a margin', () => {
  const { x, y, scale } = fitViewport({ width: 2000, height: 100 }, { width: 1000, height: 600 });
  expect(2000 * scale).toBeLessThan(1000);
  expect(x).toBeGreaterThan(0);
  expect(y).toBeCloseTo((600 - 100 * scale) / 2);
});

test('the point under the pointer stays where it is', () => {
  const before = { x: 40, y: 10, scale: 0.5 };
  const after = zoomAround(before, 1.5, 300, 200);
  expect(after.scale).toBeCloseTo(0.75);
  expect((300 - after.x) / after.scale).toBeCloseTo((300 - before.x) / before.scale);
  expect((200 - after.y) / after.scale).toBeCloseTo((200 - before.y) / before.scale);
});

test('zooming ends somewhere', () => {
  const far = zoomAround({ x: 0, y: 0, scale: 1 }, 1e-9, 0, 0);
  const near = zoomAround({ x: 0, y: 0, scale: 1 }, 1e9, 0, 0);
  expect(far.scale).toBeGreaterThan(0.01);
  expect(near.scale).toBeLessThan(10);
});
