import { DataError } from '../../core/errors.ts';
import type { JsonValue } from '../../core/json.ts';
import { parseExpression } from '../expression/expression.ts';
import { isQuestion } from '../expression/functions/jq.ts';
import type { HookPlace } from './hook-place.ts';

/**
 * The value of an expression where a hook runs.
 * @throws DataError code `expression_failed`, such as for a date that is none
 */
export function evaluate(text: string, { scope, origin }: Pick<HookPlace, 'scope' | 'origin'>): JsonValue {
  try {
    return parseExpression(text)(scope);
  } catch (error) {
    if (isQuestion(error)) throw error;
    const message = error instanceof Error ? error.message : String(error);
    throw new DataError(`the expression ${text}: ${message}`, {
      code: 'expression_failed',
      origin,
      next: 'Correct it, or see what its values are: { type: log, message: "{runtime_state}" }',
    });
  }
}
