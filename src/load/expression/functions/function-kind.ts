import type { JsonValue } from '../../../core/json.ts';

/** Evaluates an expression with values beside those that are known. */
export type Evaluate = (text: string, values: Readonly<Record<string, JsonValue>>) => JsonValue;

/** A function of expressions. Missing arguments are undefined. */
export type ExpressionFunction = (args: readonly JsonValue[], evaluate: Evaluate) => JsonValue;

export type FunctionTable = Readonly<Record<string, ExpressionFunction>>;

/** A value as text; nothing is the empty text. */
export function textOf(value: JsonValue | undefined): string {
  if (value === null || value === undefined) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

export function listOf(value: JsonValue | undefined): readonly JsonValue[] {
  if (Array.isArray(value)) return value as readonly JsonValue[];
  return value === null || value === undefined ? [] : [value];
}

export function recordOf(value: JsonValue | undefined): Readonly<Record<string, JsonValue>> {
  const isRecord = typeof value === 'object' && value !== null && !Array.isArray(value);
  return isRecord ? (value as Readonly<Record<string, JsonValue>>) : {};
}

/** @throws RangeError for what is no number */
export function numberOf(value: JsonValue | undefined): number {
  const number = typeof value === 'string' ? Number(value.trim() || Number.NaN) : Number(value ?? Number.NaN);
  if (Number.isFinite(number)) return number;
  throw new RangeError(`${JSON.stringify(value ?? null)} is not a number`);
}

export function numberOr(value: JsonValue | undefined, fallback: number): number {
  return value === null || value === undefined ? fallback : numberOf(value);
}
