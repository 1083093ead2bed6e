import type { JsonObject } from '../../core/json.ts';

/** What hooks warned of, for the outcome of a step; nothing when there is nothing. */
export function warningsOf(warnings: readonly string[]): JsonObject {
  return warnings.length === 0 ? {} : { warnings: [...warnings] };
}
