import { ConfigError } from '../../../core/errors.ts';
import type { RunArguments } from '../../../transform/index.ts';
import { readMap } from './dbt-options.ts';
import { timeOf } from './event-time.ts';

const unitHours = { hour: 1, day: 24, month: 24 * 30, year: 24 * 365 } as const;
type Unit = keyof typeof unitHours;

/** `--sample`: `3 days` up to now, or `{start: 2024-01-01, end: 2024-02-01}` in UTC. */
export function sampleOf(text: string | undefined, nowMs: number): RunArguments['sample'] {
  if (text === undefined) return undefined;
  const relative = /^\s*(\d+)\s*(hour|day|month|year)s?\s*$/i.exec(text);
  if (relative) {
    const [, count, unit] = relative;
    return { startMs: before(nowMs, Number(count), unit?.toLowerCase() as Unit), endMs: nowMs };
  }
  const { start, end } = text.trim().startsWith('{') ? readMap(text, '--sample') : {};
  const startMs = timeOf(typeof start === 'string' ? start : undefined, 'start of --sample');
  const endMs = timeOf(typeof end === 'string' ? end : undefined, 'end of --sample');
  if (startMs !== undefined && endMs !== undefined && startMs < endMs) return { startMs, endMs };
  throw new ConfigError(`--sample is a time such as "3 days", or '{start: ..., end: ...}', not "${text}"`, {
    code: 'flag_invalid',
  });
}

function before(nowMs: number, count: number, unit: Unit): number {
  const date = new Date(nowMs);
  if (unit === 'month') return date.setUTCMonth(date.getUTCMonth() - count);
  if (unit === 'year') return date.setUTCFullYear(date.getUTCFullYear() - count);
  return nowMs - count * unitHours[unit] * 3_600_000;
}
