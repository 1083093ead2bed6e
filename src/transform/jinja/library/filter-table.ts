import type { TemplateFunction } from '../value/value.ts';
import { numberFilters } from './number-filters.ts';
import { selectionFilters } from './selection-filters.ts';
import { sequenceFilters } from './sequence-filters.ts';
import { textFilters } from './text-filters.ts';

const unchanged: TemplateFunction = (args) => args.positional[0] ?? null;

/** Jinja's filters, and dbt's `as_…`, which only the rendering of YAML gives a meaning. */
export const builtinFilters: ReadonlyMap<string, TemplateFunction> = new Map([
  ...textFilters,
  ...numberFilters,
  ...sequenceFilters,
  ...selectionFilters,
  ['as_bool', unchanged],
  ['as_native', unchanged],
  ['as_number', unchanged],
  ['as_text', unchanged],
]);
