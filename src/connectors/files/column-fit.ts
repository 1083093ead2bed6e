import { ConfigError } from '../../core/errors.ts';
import type { DataType } from '../../sql/data-type.ts';
import { duckdbDialect } from '../../sql/dialects/index.ts';
import { literal } from './engine.ts';

const isoDate = '[0-9]{4}-[0-9]{2}-[0-9]{2}';
const isoClock = '[0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]{1,6}0*)?)?';
const isoZone = '(Z|[+-][0-9]{2}(:?[0-9]{2})?)';

/** SQL that is true when the text `expression` is a value of `type` and loses nothing in the cast. */
export function fitsSql(expression: string, type: DataType, column: string): string {
  const casts = `try_cast(${expression} as ${duckdbDialect.typeName(type)}) is not null`;
  const matches = (pattern: string) => `regexp_full_match(${expression}, ${literal(pattern)})`;
  switch (type.type) {
    case 'text':
      return type.maxLength === undefined ? 'true' : `length(${expression}) <= ${type.maxLength}`;
    case 'boolean':
    case 'uuid':
      return casts;
    case 'json':
      return `json_valid(${expression})`;
    case 'int16':
    case 'int32':
    case 'int64':
      return `(${matches('[+-]?[0-9]+')} and ${casts})`;
    case 'float32':
    case 'float64':
      return `(${matches('[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]+)?|[+-]?(nan|inf|infinity)')} and ${casts})`;
    case 'decimal':
      if (type.precision === undefined) return matches('[+-]?[0-9]+([.][0-9]+)?');
      return `(${matches(`[+-]?[0-9]*([.][0-9]{0,${type.scale ?? 0}}0*)?`)} and ${casts})`;
    case 'date':
      return `(${matches(isoDate)} and ${casts})`;
    case 'time':
      return `(${matches(isoClock)} and ${casts})`;
    case 'timestamp':
      return `(${matches(`${isoDate}([T ]${isoClock})?`)} and ${casts})`;
    case 'timestamptz':
      return `(${matches(`${isoDate}[T ]${isoClock} ?${isoZone}`)} and ${casts})`;
    case 'bytes':
    case 'interval':
    case 'array':
      throw new ConfigError(`column ${column}: type ${type.type} is not yet supported for files of text.`, {
        code: 'not_yet_supported',
        next: 'Declare it as string, and convert it in a model.',
      });
  }
}

/** A type that a column of text may turn out to have, most telling first. */
export interface Candidate {
  readonly name: string;
  readonly type: DataType;
  /** SQL that is true when the text is written just as this type writes it. */
  readonly isWritten: (expression: string) => string;
}

/**
 * What is recognised without being declared. Codes stay text: `007`, `+1`, `12E4` and `1,234` are not
 * numbers, and only ISO 8601 is a date.
 */
export const candidates: readonly Candidate[] = [
  {
    name: 'boolean',
    type: { type: 'boolean' },
    isWritten: (expression) => `lower(${expression}) in ('true', 'false')`,
  },
  written('integer', { type: 'int64' }, '-?(0|[1-9][0-9]{0,18})'),
  {
    name: 'decimal',
    type: { type: 'decimal' },
    isWritten: (expression) => `regexp_full_match(${expression}, '-?(0|[1-9][0-9]*)([.][0-9]+)?')`,
  },
  written('date', { type: 'date' }, isoDate),
  written('timestamp', { type: 'timestamp' }, `${isoDate}[T ]${isoClock}`),
  written('timestamptz', { type: 'timestamptz' }, `${isoDate}[T ]${isoClock} ?${isoZone}`),
];

function written(name: string, type: DataType, pattern: string): Candidate {
  return {
    name,
    type,
    isWritten: (expression) =>
      `(regexp_full_match(${expression}, ${literal(pattern)}) and try_cast(${expression} as ${duckdbDialect.typeName(type)}) is not null)`,
  };
}
