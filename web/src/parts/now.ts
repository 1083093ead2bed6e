import { useEffect, useState } from 'react';

/** The time, renewed every `periodMs`; stands still when `periodMs` is 0. */
export function useNowMs(periodMs: number): number {
  const [nowMs, setNowMs] = useState(() => Date.now());
  useEffect(() => {
    setNowMs(Date.now());
    if (periodMs === 0) return undefined;
    const timer = window.setInterval(() => setNowMs(Date.now()), periodMs);
    return () => window.clearInterval(timer);
  }, [periodMs]);
  return nowMs;
}
