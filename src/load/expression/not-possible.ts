import { ConfigError } from '../../core/errors.ts';

/** An expression that a system cannot evaluate. */
export function notPossible(what: string): ConfigError {
  return new ConfigError(what, {
    code: 'expression_not_possible',
    next: 'Write it into sql:, in the words of the source, or do it in a model',
  });
}
