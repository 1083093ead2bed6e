import { ConfigError } from '../../core/errors.ts';
import type { Origin } from '../../core/origin.ts';

/** A stretch of the update key, both ends included; `before` is an end that is not. */
export interface UpdateRange {
  readonly from?: string;
  readonly to?: string;
  readonly before?: string;
}

/** Reads `source_options.range`: `2024-01-01,2024-01-31`, one end may be left out. */
export function updateRange(text: string, origin: Origin): UpdateRange {
  const [from = '', to = '', ...others] = text.split(',').map((end) => end.trim());
  if (others.length > 0 || !text.includes(',') || (from === '' && to === '')) {
    throw new ConfigError(`the range '${text}' is not two values with a comma between`, {
      code: 'invalid_value',
      origin,
      next: "Write range: '2024-01-01,2024-01-31'; leave one of them out for an open end",
    });
  }
  return { ...(from === '' ? {} : { from }), ...(to === '' ? {} : { to }) };
}

export function formatRange({ from = '', to = '' }: UpdateRange): string {
  return `${from},${to}`;
}
