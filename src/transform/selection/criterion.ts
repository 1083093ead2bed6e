import { ConfigError } from '../../core/errors.ts';
import { didYouMean } from '../files/suggestion.ts';

export const indirectSelections = ['eager', 'cautious', 'buildable', 'empty'] as const;
/** Which tests are taken along: with one of their parents, with all, with all or what these are built from, none. */
export type IndirectSelection = (typeof indirectSelections)[number];

export const selectionMethods = [
  'fqn',
  'tag',
  'group',
  'access',
  'source',
  'path',
  'file',
  'package',
  'config',
  'test_name',
  'test_type',
  'resource_type',
  'state',
  'exposure',
  'metric',
  'result',
  'source_status',
  'version',
  'semantic_model',
  'saved_query',
  'unit_test',
] as const;
export type SelectionMethod = (typeof selectionMethods)[number];

/** One term such as `2+tag:nightly+`. */
export interface Criterion {
  readonly type: 'criterion';
  readonly method: SelectionMethod;
  /** What follows the method's first dot: `config.materialized` has `['materialized']`. */
  readonly methodArguments: readonly string[];
  readonly value: string;
  /** Edges to follow upstream; 0 for none, Infinity for all. */
  readonly upstream: number;
  readonly downstream: number;
  /** `@`: what is downstream, and upstream of all that. */
  readonly childrensParents: boolean;
  readonly indirect: IndirectSelection;
}

export type SelectionSpec =
  | Criterion
  | {
      readonly type: 'union' | 'intersection' | 'difference';
      readonly parts: readonly SelectionSpec[];
      readonly indirect: IndirectSelection;
      /** What the user wrote, where an empty result is worth a warning. */
      readonly raw?: string;
    };

const pattern =
  /^(?<at>@)?(?:(?<parentsDepth>\d*)(?<parents>\+))?(?:(?<method>[\w.]+):)?(?<value>.*?)(?:(?<children>\+)(?<childrenDepth>\d*))?$/s;

/** What is selected where nothing is said. */
const everything = ['fqn:*', 'source:*', 'exposure:*', 'metric:*', 'semantic_model:*'];

/** `--select` and `--exclude`: terms are a union, terms joined by commas an intersection. */
export function parseSelectionArguments(
  select: readonly string[],
  exclude: readonly string[],
  indirect: IndirectSelection,
): SelectionSpec {
  const included = unionOf(select.length > 0 ? select : everything, indirect, select.length > 0);
  const excluded = unionOf(exclude, indirect, true);
  return { type: 'difference', parts: [included, excluded], indirect: 'eager' };
}

function unionOf(texts: readonly string[], indirect: IndirectSelection, isWritten: boolean): SelectionSpec {
  const terms = texts.flatMap((text) => text.split(' ')).filter((term) => term !== '');
  return {
    type: 'union',
    indirect,
    parts: terms.map((term) => ({
      type: 'intersection',
      indirect,
      parts: term.split(',').map((part) => parseCriterion(part, indirect)),
      ...(isWritten ? { raw: term } : {}),
    })),
  };
}

/** Throws a ConfigError `selection_invalid`. */
export function parseCriterion(text: string, indirect: IndirectSelection): Criterion {
  const groups = pattern.exec(text)?.groups ?? {};
  return criterionFrom(text, {
    method: groups['method'],
    value: groups['value'] ?? '',
    childrensParents: groups['at'] !== undefined,
    upstream: depthOf(groups['parents'] !== undefined, groups['parentsDepth']),
    downstream: depthOf(groups['children'] !== undefined, groups['childrenDepth']),
    indirect,
  });
}

/** A criterion of its parts; `method` is inferred from the value where it is not said. */
export function criterionFrom(
  said: string,
  parts: Omit<Criterion, 'type' | 'method' | 'methodArguments'> & { readonly method: string | undefined },
): Criterion {
  const { method: written, ...rest } = parts;
  const [name, ...methodArguments] = (written ?? inferredMethod(parts.value)).split('.');
  const method = selectionMethods.find((candidate) => candidate === name);
  if (method === undefined) {
    throw new ConfigError(
      `"${name}" is no method of selection${didYouMean(name ?? '', selectionMethods)}: ${said}`,
      { code: 'selection_invalid', next: `The methods are: ${selectionMethods.join(', ')}.` },
    );
  }
  if (parts.childrensParents && parts.downstream > 0) {
    throw new ConfigError(`"@" before and "+" behind do not go together: ${said}`, {
      code: 'selection_invalid',
    });
  }
  return { type: 'criterion', method, methodArguments, ...rest };
}

export function depthOf(isAsked: boolean, depth: string | undefined): number {
  if (!isAsked) return 0;
  return depth === undefined || depth === '' ? Infinity : Number(depth);
}

function inferredMethod(value: string): SelectionMethod {
  if (value.includes('/')) return 'path';
  return /\.(sql|py|csv)$/i.test(value) ? 'file' : 'fqn';
}
