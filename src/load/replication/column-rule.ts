import type { Origin } from '../../core/origin.ts';
import { notYetSupported } from './unsupported.ts';

/** What must hold for a column, beside its type. */
export interface ColumnRule {
  readonly notNull: boolean;
  /** SQL over `value` that must not be false. */
  readonly check?: string;
  readonly primaryKey: boolean;
  readonly unique: boolean;
  readonly index: boolean;
}

const words = ['not_null', 'nullable', 'primary_key', 'unique', 'unique_index', 'index'];

/** Takes `bigint not_null unique | value > 0` apart into the type and what must hold. */
export function columnRule(
  name: string,
  spec: string,
  origin: Origin,
): { readonly type: string; readonly rule?: ColumnRule } {
  const cut = spec.indexOf('|');
  const [left, check] = cut < 0 ? [spec, undefined] : [spec.slice(0, cut), spec.slice(cut + 1).trim()];
  const found = new Set<string>();
  const type = left
    .replace(/\bdescription\s*\(\s*('[^']*'|"[^"]*")\s*\)/gi, '')
    .replace(/\b([a-z_]+)\b(\s*\([^)]*\))?/gi, (whole, word: string, details: string | undefined) => {
      const modifier = word.toLowerCase();
      if (!words.includes(modifier)) return whole;
      if (details !== undefined)
        throw notYetSupported(`${name}: ${whole}`, 'Name the index in target_options.post_sql', origin);
      found.add(modifier);
      return '';
    })
    .trim();
  if (found.size === 0 && check === undefined) return { type };
  return {
    type,
    rule: {
      notNull: found.has('not_null') || found.has('primary_key'),
      ...(check === undefined ? {} : { check }),
      primaryKey: found.has('primary_key'),
      unique: found.has('unique') || found.has('unique_index'),
      index: found.has('index'),
    },
  };
}
