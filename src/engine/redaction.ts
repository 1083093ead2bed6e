import type { Failure } from '../core/errors.ts';
import type { StepOutcome } from '../core/executor.ts';

/** Takes secrets out of a text. */
export type Redact = (text: string) => string;

export function redactFailure(redact: Redact, failure: Failure): Failure {
  return redactTexts(redact, failure) as Failure;
}

export function redactOutcome(redact: Redact, outcome: StepOutcome): StepOutcome {
  return redactTexts(redact, outcome) as StepOutcome;
}

/** The same plain data with every text in it redacted. */
function redactTexts(redact: Redact, value: unknown): unknown {
  if (typeof value === 'string') return redact(value);
  if (Array.isArray(value)) return value.map((item) => redactTexts(redact, item));
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, redactTexts(redact, item)]));
}
