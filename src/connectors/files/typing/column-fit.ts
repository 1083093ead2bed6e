import { ConfigError } from '../../../core/errors.ts';
import type { DataType } from '../../../sql/data-type.ts';
import { duckdbDialect } from '../../../sql/dialects/index.ts';
import { literal } from '../engine/engine.ts';

/** Years before Christ have a sign, and year 0 is 1 BC. */
const isoDate = '-?[0-9]{4}-[0-9]{2}-[0-9]{2}';
const isoSeconds = ':[0-9]{2}([.][0-9]{1,6}0*)?';
const isoClock = `[0-9]{2}:[0-9]{2}(${isoSeconds})?`;
const isoZone = '(Z|[+-][0-9]{2}(:[0-9]{2})?)';
/** DuckDB takes no instant without seconds. */
const isoInstant = `${isoDate}[T ][0-9]{2}:[0-9]{2}${isoSeconds}${isoZone}`;

/** How a declared type is written, as a regular expression; undefined when only the cast tells. */
export function writtenPattern(type: DataType): string | undefined {
  switch (type.type) {
    case 'int16':
    case 'int32':
    case 'int64':
      return '[+-]?[0-9]+';
    case 'float32':
    case 'float64':
      return '[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]+)?|[+-]?(nan|inf|infinity)';
    case 'decimal':
      return type.precision === undefined
        ? '[+-]?[0-9]+([.][0-9]+)?'
        : `[+-]?[0-9]*([.][0-9]{0,${type.scale ?? 0}}0*)?`;
    case 'date':
      return isoDate;
    case 'time':
      return isoClock;
    case 'timetz':
      return `[0-9]{2}:[0-9]{2}${isoSeconds}${isoZone}`;
    case 'timestamp':
      return `${isoDate}([T ]${isoClock})?`;
    case 'timestamptz':
      // Without an offset it is taken as UTC, which is the zone of the session.
      return `${isoInstant}|${isoDate}([T ]${isoClock})?`;
    default:
      return undefined;
  }
}

/** SQL that is true when the whole text is written as a regular expression says. */
export function matchesSql(expression: string, pattern: string): string {
  return `regexp_full_match(${expression}, ${literal(pattern)})`;
}

/** SQL that is true when the text `expression` is a value of `type` and loses nothing in the cast. */
export function fitsSql(expression: string, type: DataType, column: string): string {
  const casts = `try_cast(${expression} as ${duckdbDialect.typeName(type)}) is not null`;
  const pattern = writtenPattern(type);
  const matches = matchesSql(expression, pattern ?? '');
  switch (type.type) {
    case 'text':
      return type.maxLength === undefined ? 'true' : `length(${expression}) <= ${type.maxLength}`;
    case 'boolean':
    case 'uuid':
    case 'bytes':
      return casts;
    case 'json':
      return `json_valid(${expression})`;
    case 'decimal':
      return type.precision === undefined ? matches : `(${matches} and ${casts})`;
    case 'int16':
    case 'int32':
    case 'int64':
    case 'float32':
    case 'float64':
    case 'date':
    case 'time':
    case 'timetz':
    case 'timestamp':
    case 'timestamptz':
      return `(${matches} and ${casts})`;
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
  /** How it is written, as a regular expression; absent for those that a time format describes. */
  readonly pattern?: string;
  /** SQL that is true when the text is written just as this type writes it. */
  readonly isWritten: (expression: string) => string;
}

const wholeDecimal = '-?(0|[1-9][0-9]*)([.][0-9]+)?';

/**
 * What is recognised without being declared. Codes stay text: `007`, `+1`, `12E4` and `1,234` are not
 * numbers, and only ISO 8601 is a date.
 */
export const candidates: readonly Candidate[] = [
  {
    name: 'boolean',
    type: { type: 'boolean' },
    pattern: '[tT][rR][uU][eE]|[fF][aA][lL][sS][eE]',
    isWritten: (expression) => `lower(${expression}) in ('true', 'false')`,
  },
  written('integer', { type: 'int64' }, '-?(0|[1-9][0-9]{0,18})'),
  {
    name: 'decimal',
    type: { type: 'decimal' },
    pattern: wholeDecimal,
    isWritten: (expression) => matchesSql(expression, wholeDecimal),
  },
  written('date', { type: 'date' }, isoDate),
  written('timestamp', { type: 'timestamp' }, `${isoDate}[T ]${isoClock}`),
  written('timestamptz', { type: 'timestamptz' }, isoInstant),
];

function written(name: string, type: DataType, pattern: string): Candidate {
  return {
    name,
    type,
    pattern,
    isWritten: (expression) =>
      `(${matchesSql(expression, pattern)} and try_cast(${expression} as ${duckdbDialect.typeName(type)}) is not null)`,
  };
}
