import type { DataType } from '../../../sql/data-type.ts';
import { duckdbDialect } from '../../../sql/dialects/index.ts';
import { type Candidate, candidates, fitsSql, writtenPattern } from './column-fit.ts';
import { literal } from '../engine/engine.ts';
import { heldTo, heldToPattern, typedText, type TypedValue } from './held-values.ts';
import type { ReadOptions } from '../options/read-options.ts';
import type { TimeFormat } from '../options/time-format.ts';
import { timeShape } from './time-shape.ts';
import type { ColumnEvidence } from './column-evidence.ts';
import { inferredType } from './type-inference.ts';

/** How text becomes values, as the options of a stream want it. */
export interface TextTyping {
  readonly candidates: readonly Candidate[];
  /** SQL that is true when a text is a value of a declared type. */
  fits(expression: string, type: DataType, column: string): string;
  /**
   * SQL that gives the value of a declared type, and an error for a text that does not fit.
   * @param usual a text as most are, of a column of times
   */
  held(expression: string, type: DataType, column: string, usual?: string): string;
  /** SQL that gives the value of a declared type; the text is known to fit. */
  cast(expression: string, type: DataType): string;
  /** The type that all rows of a column agree on, and its value. */
  infer(evidence: ColumnEvidence, expression: string): TypedValue;
}

/** Name of the candidate that `datetime_format` makes. */
const formatted = 'formatted';

export function textTyping({
  timeFormat,
  maxDecimals,
}: Pick<ReadOptions, 'timeFormat' | 'maxDecimals'>): TextTyping {
  const formats = (type: DataType): TimeFormat | undefined => (isTime(type) ? timeFormat : undefined);
  return {
    candidates: timeFormat ? [formatCandidate(timeFormat), ...candidates] : candidates,
    fits: (expression, type, column) => {
      const format = formats(type);
      return format ? formatFits(expression, format, type) : fitsSql(expression, type, column);
    },
    held: (expression, type, column, usual) => {
      const format = formats(type);
      if (format) {
        const value = formatValue(expression, format, type);
        return heldTo(`not ${formatFits(expression, format, type)}`, value);
      }
      const fits = fitsSql(expression, type, column);
      const pattern = writtenPattern(type);
      const value = typedText(expression, type);
      if (pattern !== undefined)
        return heldToPattern(expression, { type, expression: value }, pattern, timeShape(usual, pattern));
      return type.type === 'text' && fits !== 'true' ? heldTo(`not ${fits}`, value) : value;
    },
    cast: (expression, type) => {
      const format = formats(type);
      return format ? formatValue(expression, format, type) : typedText(expression, type);
    },
    infer: (evidence, expression) => {
      if (timeFormat && evidence.hasValues && evidence.fits.has(formatted)) {
        const type: DataType = { type: timeFormat.kind };
        return { type, expression: formatValue(expression, timeFormat, type) };
      }
      const type = inferredType(evidence);
      return rounded({ type, expression: typedText(expression, type) }, evidence, maxDecimals);
    },
  };
}

/** A decimal with at most so many digits behind the point; half a digit goes away from zero. */
export function rounded(
  value: TypedValue,
  evidence: ColumnEvidence,
  maxDecimals: number | undefined,
): TypedValue {
  const { type, expression } = value;
  if (maxDecimals === undefined) return value;
  if (type.type === 'float64') return { type, expression: `round(${expression}, ${maxDecimals})` };
  if (type.type !== 'decimal' || (type.scale ?? 0) <= maxDecimals) return value;
  const precision = Math.min(38, evidence.wholeDigits + maxDecimals + 1);
  const shorter: DataType = { type: 'decimal', precision, scale: maxDecimals };
  return {
    type: shorter,
    expression: `cast(round(${expression}, ${maxDecimals}) as ${duckdbDialect.typeName(shorter)})`,
  };
}

function isTime(type: DataType): boolean {
  return type.type === 'date' || type.type === 'timestamp' || type.type === 'timestamptz';
}

function formatCandidate(format: TimeFormat): Candidate {
  const type: DataType = { type: format.kind };
  return { name: formatted, type, isWritten: (expression) => formatFits(expression, format, type) };
}

function formatFits(expression: string, { pattern, kind }: TimeFormat, type: DataType): string {
  const parsed = `try_strptime(${expression}, ${literal(pattern)})`;
  if (type.type !== 'date' || kind === 'date') return `${parsed} is not null`;
  return `(${parsed} is not null and ${parsed} = date_trunc('day', ${parsed}))`;
}

function formatValue(expression: string, { pattern, kind }: TimeFormat, type: DataType): string {
  const parsed = `strptime(${expression}, ${literal(pattern)})`;
  if (type.type === 'timestamptz')
    return kind === 'timestamptz' ? parsed : `make_timestamptz(epoch_us(${parsed}))`;
  return `cast(${parsed} as ${duckdbDialect.typeName(type)})`;
}
