import { ConfigError, type ErrorDetail } from '../../core/errors.ts';
import type { Mistakes } from '../files/mistakes.ts';

/** Why a node cannot be built, although the project that it is in can be read. */
export interface Refusal extends Omit<ErrorDetail, 'cause' | 'relations'> {
  readonly message: string;
}

/**
 * Where a dbt project by itself is read, what is added is kept in `refusals` and fails the node when it is built, as in dbt; anywhere
 * else it is a mistake of the project.
 */
export function refusing(mistakes: Mistakes, refusals: Refusal[]): Mistakes {
  if (!mistakes.isTolerant) return mistakes;
  return { ...mistakes, add: (message, detail) => void refusals.push({ ...detail, message }) };
}

/** Throws the ConfigError of a node that cannot be built. */
export function refuse({ refusal }: { readonly refusal: Refusal | undefined }): void {
  if (refusal) throw new ConfigError(refusal.message, refusal);
}
