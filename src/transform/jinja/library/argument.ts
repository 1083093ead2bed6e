import { ValueError } from '../error/template-error.ts';
import { toIndex } from '../value/number.ts';
import { typeName } from '../value/printing.ts';
import { Undefined, type Value } from '../value/value.ts';

/** A string argument; throws for any other value, naming what it is for. */
export function textArgument(value: Value | undefined, what: string): string {
  if (typeof value === 'string') return value;
  if (value instanceof Undefined) throw new ValueError(value.hint, 'template_undefined');
  throw new ValueError(`${what} must be a string, not a value of type '${typeName(value ?? null)}'`);
}

/** An integer argument, or the fallback if it was left out. */
export function indexArgument(value: Value | undefined, what: string, fallback: number): number {
  return value === undefined || value === null ? fallback : toIndex(value, what);
}
