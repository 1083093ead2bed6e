import { randomBytes } from 'node:crypto';

/** Sorts by time and is easy to read out: `20261120-092155-7f3a9c`, in UTC. */
export function createRunId(nowMs: number): string {
  const [date = '', time = ''] = new Date(nowMs).toISOString().split('T');
  return `${date.replaceAll('-', '')}-${time.slice(0, 8).replaceAll(':', '')}-${randomBytes(3).toString('hex')}`;
}
