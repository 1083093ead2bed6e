import { ConfigError } from '../../core/errors.ts';
import type { Origin } from '../../core/origin.ts';

/** What becomes of a row that breaks a constraint: the load fails, the row is loaded all the same, or goes beside. */
export type ConstraintFailure = (typeof words)[number];

const words = ['abort', 'warn', 'skip'] as const;

/** The switch among the variables of a replication. */
export const constraintSwitch = 'SLING_ON_CONSTRAINT_FAILURE';

/** Reads the switch. */
export function constraintFailure(text: string, origin: Origin): ConstraintFailure {
  const word = text.trim().toLowerCase();
  const found = word === '' ? 'abort' : words.find((candidate) => candidate === word);
  if (found) return found;
  throw new ConfigError(`${constraintSwitch} is '${text}'`, {
    code: 'invalid_value',
    origin,
    next: `Use one of: ${words.join(', ')}`,
  });
}
