import { z } from 'zod';
import type { DataType } from '../../sql/data-type.ts';

/** `target_options.column_typing`: how types of the source become types of the target. */
export interface ColumnTyping {
  readonly string?: {
    readonly length_factor?: number | undefined;
    readonly min_length?: number | undefined;
    readonly max_length?: number | undefined;
    readonly use_max?: boolean | undefined;
  };
  readonly decimal?: {
    readonly min_precision?: number | undefined;
    readonly max_precision?: number | undefined;
    readonly min_scale?: number | undefined;
    readonly max_scale?: number | undefined;
    readonly cast_as?: 'string' | 'float' | undefined;
  };
  readonly json?: { readonly as_text?: boolean | undefined };
  readonly boolean?: { readonly cast_as?: 'string' | 'integer' | undefined };
}

const count = z.int().min(0).optional();

export const columnTypingSchema: z.ZodType = z.strictObject({
  string: z
    .strictObject({
      length_factor: z.number().min(1).optional(),
      min_length: count,
      max_length: count,
      use_max: z.boolean().optional(),
    })
    .optional(),
  decimal: z
    .strictObject({
      min_precision: count,
      max_precision: count,
      min_scale: count,
      max_scale: count,
      cast_as: z.enum(['string', 'float']).optional(),
    })
    .optional(),
  json: z.strictObject({ as_text: z.boolean().optional() }).optional(),
  boolean: z.strictObject({ cast_as: z.enum(['string', 'integer']).optional() }).optional(),
});

/** The type wanted in the target. Upper limits never go below what the source declares: nothing is cut off. */
export function typedBy(typing: ColumnTyping, type: DataType): DataType {
  switch (type.type) {
    case 'text':
      return textType(typing, type);
    case 'decimal':
      return decimalType(typing, type);
    case 'json':
      return typing.json?.as_text === true ? { type: 'text' } : type;
    case 'boolean':
      if (typing.boolean?.cast_as === 'string') return { type: 'text' };
      return typing.boolean?.cast_as === 'integer' ? { type: 'int32' } : type;
    default:
      return type;
  }
}

function textType({ string }: ColumnTyping, type: DataType & { type: 'text' }): DataType {
  const { maxLength } = type;
  if (!string || maxLength === undefined) return type;
  if (string.use_max === true) return { type: 'text' };
  const wanted = Math.max(Math.ceil(maxLength * (string.length_factor ?? 1)), string.min_length ?? 0);
  return { type: 'text', maxLength: Math.max(maxLength, Math.min(wanted, string.max_length ?? Infinity)) };
}

function decimalType({ decimal }: ColumnTyping, type: DataType & { type: 'decimal' }): DataType {
  if (!decimal) return type;
  if (decimal.cast_as === 'string') return { type: 'text' };
  if (decimal.cast_as === 'float') return { type: 'float64' };
  const { precision, scale = 0 } = type;
  if (precision === undefined) return type;
  const wantedScale = Math.min(Math.max(scale, decimal.min_scale ?? 0), decimal.max_scale ?? Infinity);
  const finalScale = Math.max(scale, wantedScale);
  const wanted = Math.min(Math.max(precision, decimal.min_precision ?? 0), decimal.max_precision ?? Infinity);
  return { type: 'decimal', precision: Math.max(precision - scale + finalScale, wanted), scale: finalScale };
}
