const steps = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 43_200, 86_400];
const mostTicks = 7;

/** Round times within a span, from 0 on, at most seven. Milliseconds. */
export function timeTicks(spanMs: number): number[] {
  const fine = spanMs <= 3000 ? [0.25, 0.5] : [];
  const stepSeconds = [...fine, ...steps].find((seconds) => spanMs / 1000 / seconds < mostTicks);
  const stepMs = (stepSeconds ?? Math.ceil(spanMs / 1000 / mostTicks)) * 1000;
  return Array.from({ length: Math.floor(spanMs / stepMs) + 1 }, (_, index) => index * stepMs);
}
