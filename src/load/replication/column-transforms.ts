import { nearest } from '../../core/near-name.ts';
import { ConfigError } from '../../core/errors.ts';
import type { Origin } from '../../core/origin.ts';
import { textTransforms, type TextTransform } from '../../sql/text-transform.ts';

/** Changes of text by source column; `*` is for every text column. */
export type ColumnTransforms = Readonly<Record<string, readonly TextTransform[]>>;

/** Reads `transforms:`: a list for all columns, a map by column, or a list of such maps. */
export function columnTransforms(written: unknown, origin: Origin): ColumnTransforms {
  const transforms: Record<string, TextTransform[]> = {};
  const add = (column: string, names: unknown): void => {
    for (const name of Array.isArray(names) ? names : [names])
      (transforms[column] ??= []).push(known(name, origin));
  };
  const items = Array.isArray(written) ? written : [written];
  for (const item of items) {
    if (typeof item === 'string') add('*', item);
    else if (item !== null && typeof item === 'object')
      for (const [column, names] of Object.entries(item)) add(column, names);
  }
  return transforms;
}

function known(name: unknown, origin: Origin): TextTransform {
  const found = textTransforms.find((candidate) => candidate === name);
  if (found) return found;
  const word = typeof name === 'string' ? name : JSON.stringify(name);
  const near = nearest(word, textTransforms);
  throw new ConfigError(`the transform '${word}' is not built${near ? `, did you mean '${near}'?` : ''}`, {
    code: 'not_yet_supported',
    origin,
    next: `Use one of ${textTransforms.join(', ')}, write it into sql:, or do it in a model`,
  });
}
