import type { ReactNode } from 'react';
import { formatAgo, formatDateTime } from '../format.ts';
import { useNowMs } from './now.ts';

/** A time as people say it, with the exact one as a tooltip. */
export function Moment({ atMs }: { readonly atMs: number }): ReactNode {
  const nowMs = useNowMs(10_000);
  return (
    <time dateTime={new Date(atMs).toISOString()} title={formatDateTime(atMs)}>
      {formatAgo(atMs, nowMs)}
    </time>
  );
}
