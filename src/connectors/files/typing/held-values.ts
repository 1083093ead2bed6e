import type { DataType } from '../../../sql/data-type.ts';
import { duckdbDialect } from '../../../sql/dialects/index.ts';
import { matchesSql } from './column-fit.ts';
import { literal } from '../engine/engine.ts';

export interface TypedValue {
  readonly type: DataType;
  /** SQL of the value. */
  readonly expression: string;
}

/** SQL that turns text into a value; the text is known to fit. */
export function typedText(expression: string, type: DataType): string {
  if (type.type === 'text' || (type.type === 'decimal' && type.precision === undefined)) return expression;
  return `cast(${expression} as ${duckdbDialect.typeName(type)})`;
}

/**
 * SQL of a value that is an error where a text is not NULL and not written as a regular expression says. What costs
 * less than that is asked first: whether DuckDB writes the number as the text does, or the text has a usual shape.
 * @param value an error by itself for a text that cannot be cast
 * @param shape pattern of `glob` for most of these texts, and for no others
 */
export function heldToPattern(text: string, value: TypedValue, pattern: string, shape?: string): string {
  const { type, expression } = value;
  const isNumber = isExactNumber(type) && expression === typedText(text, type);
  return heldTo(
    [
      ...(isNumber ? [`${text} <> cast(${expression} as varchar)`] : []),
      ...(shape === undefined ? [] : [`not ${text} glob ${literal(shape)}`]),
      `not ${matchesSql(text, pattern)}`,
    ].join(' and '),
    expression,
  );
}

/** SQL of a value that is an error where `misfit` is true, and not where that is NULL. */
export function heldTo(misfit: string, value: string): string {
  return `case when ${misfit} then error('a value does not fit its column') else ${value} end`;
}

/** True of numbers that DuckDB writes in the digits that they were read from, if in any. */
function isExactNumber(type: DataType): boolean {
  const { type: name } = type;
  if (name === 'int16' || name === 'int32' || name === 'int64') return true;
  return name === 'decimal' && duckdbDialect.typeName(type) !== 'varchar';
}
