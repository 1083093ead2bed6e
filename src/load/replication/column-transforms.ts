import { nearest } from '../../core/near-name.ts';
import { ConfigError } from '../../core/errors.ts';
import type { Origin } from '../../core/origin.ts';
import { insteadOf } from '../expression/functions/index.ts';
import { rowFunctions } from '../expression/row-functions.ts';
import { functionsIn, parseSyntax, type Syntax } from '../expression/syntax.ts';
import { notYetSupported } from './unsupported.ts';

/** Changes by source column; `*` is for every text column. A name that is no column is one that is added. */
export type TransformStage = Readonly<Record<string, readonly Transform[]>>;

/** One change: an expression over `value` and `record`. */
export interface Transform {
  /** As it is written. */
  readonly text: string;
  readonly syntax: Syntax;
}

/** Reads `transforms:`: a list for all columns, a map by column, or a list of such maps, each after the other. */
export function columnTransforms(written: unknown, origin: Origin): readonly TransformStage[] {
  const items: readonly unknown[] = Array.isArray(written) ? written : [written];
  return items.map((item): TransformStage => {
    if (item === null || typeof item !== 'object') return { '*': steps(item, origin) };
    return Object.fromEntries(Object.entries(item).map(([column, own]) => [column, steps(own, origin)]));
  });
}

function steps(written: unknown, origin: Origin): readonly Transform[] {
  const texts: readonly unknown[] = Array.isArray(written) ? written : [written];
  return texts.map((text) => readTransform(String(text).trim(), origin));
}

/** A function's name alone is that function of the value. */
function readTransform(text: string, origin: Origin): Transform {
  const isName = /^[A-Za-z_]\w*$/.test(text) && text !== 'value';
  if (isName && !Object.hasOwn(rowFunctions, text)) throw unknownTransform(text, origin);
  try {
    const syntax = parseSyntax(isName ? `${text}(value)` : text);
    const foreign = functionsIn(syntax).find((name) => !Object.hasOwn(rowFunctions, name));
    if (foreign !== undefined) throw unknownTransform(foreign, origin);
    return { text, syntax };
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new ConfigError(`transforms: ${error.message}`, {
      code: 'expression_invalid',
      origin,
      next: 'Use value, record.<column>, numbers, quoted text, functions, == != < <= > >= && || ! + - * / % ? : and brackets',
    });
  }
}

function unknownTransform(word: string, origin: Origin): ConfigError {
  const instead = insteadOf(word);
  if (instead !== undefined) return notYetSupported(`transforms: ${word}`, instead, origin);
  const names = Object.keys(rowFunctions).toSorted();
  const near = nearest(word, names);
  return new ConfigError(`the transform '${word}' is not built${near ? `, did you mean '${near}'?` : ''}`, {
    code: 'not_yet_supported',
    origin,
    next: `Use one of ${names.join(', ')}, write it into sql:, or do it in a model`,
  });
}
