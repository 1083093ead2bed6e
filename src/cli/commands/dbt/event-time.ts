import { ConfigError } from '../../../core/errors.ts';
import type { RunArguments } from '../../../transform/index.ts';
import type { DbtFlags } from './dbt-options.ts';

/** `--event-time-start` and `--event-time-end`, in UTC; dbt wants both or none. */
export function eventTime(flags: DbtFlags): Pick<RunArguments, 'eventTimeStartMs' | 'eventTimeEndMs'> {
  const start = timeOf(flags.eventTimeStart, '--event-time-start');
  const end = timeOf(flags.eventTimeEnd, '--event-time-end');
  if ((start === undefined) !== (end === undefined)) {
    throw new ConfigError('--event-time-start and --event-time-end go together', { code: 'flag_invalid' });
  }
  if (start !== undefined && end !== undefined && start >= end) {
    throw new ConfigError('--event-time-start must be before --event-time-end', { code: 'flag_invalid' });
  }
  return { eventTimeStartMs: start, eventTimeEndMs: end };
}

/** A time of the command line, in milliseconds; without a zone it is in UTC. */
export function timeOf(text: string | undefined, flag: string): number | undefined {
  if (text === undefined) return undefined;
  const hasZone = /[Zz]$|[+-]\d\d:?\d\d$/.test(text) && text.length > 10;
  const iso = text.trim().replace(' ', 'T');
  const ms = Date.parse(hasZone ? iso : `${iso.length === 10 ? `${iso}T00:00:00` : iso}Z`);
  if (!Number.isNaN(ms)) return ms;
  throw new ConfigError(`${flag} is a time such as 2024-01-31 or 2024-01-31T12:00:00, not "${text}"`, {
    code: 'flag_invalid',
  });
}
