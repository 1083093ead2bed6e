import { z } from 'zod';
import { ConfigError } from '../../core/errors.ts';
import type { JsonObject } from '../../core/json.ts';
import type { Origin } from '../../core/origin.ts';
import type { Mistakes } from '../files/mistakes.ts';
import { isJsonRecord, toJsonValue, plainText } from '../files/plain-value.ts';
import { didYouMean } from '../files/suggestion.ts';
import { shapeYaml, type YamlFile } from '../files/yaml-file.ts';
import { record } from '../files/yaml-schema.ts';
import {
  type Criterion,
  criterionFrom,
  depthOf,
  type IndirectSelection,
  indirectSelections,
  parseCriterion,
  type SelectionSpec,
} from './criterion.ts';

/** A selection that `selectors.yml` names. */
export interface NamedSelector {
  readonly name: string;
  readonly spec: SelectionSpec;
  /** Whether it is used where a command says nothing; a template may decide. */
  readonly isDefault: boolean;
  /** As the manifest shows it. */
  readonly definition: JsonObject;
}

const file = record({
  selectors: z.array(
    record({
      name: z.string(),
      definition: z.union([z.string(), z.record(z.string(), z.unknown())]),
      description: z.string().nullish(),
      default: z.boolean().nullish(),
    }),
  ),
});

/** Reads a `selectors.yml` whose Jinja was already rendered into `value`; a selector may use those before it. */
export function readSelectors(
  yaml: YamlFile,
  value: unknown,
  indirect: IndirectSelection,
  mistakes: Mistakes,
): readonly NamedSelector[] {
  const raw = shapeYaml(yaml, value, file, mistakes);
  const found = new Map<string, NamedSelector>();
  for (const [index, entry] of (raw?.selectors ?? []).entries()) {
    const at = yaml.locate(['selectors', index, 'name']);
    try {
      if (found.has(entry.name)) throw invalid(`there are two selectors "${entry.name}"`);
      if (isJsonRecord(entry.definition)) checkRoot(entry.definition);
      const spec = specOf(entry.definition, { known: found, indirect });
      found.set(entry.name, {
        name: entry.name,
        spec,
        isDefault: entry.default === true,
        definition: {
          name: entry.name,
          definition: toJsonValue(expanded(entry.definition, found)),
          ...(entry.description ? { description: entry.description } : {}),
          ...(entry.default === null || entry.default === undefined ? {} : { default: entry.default }),
        },
      });
    } catch (error) {
      mistakes.caught(placed(error, at));
    }
  }
  const defaults = [...found.values()].filter((selector) => selector.isDefault);
  if (defaults.length > 1) {
    mistakes.add(`several selectors are the default: ${defaults.map(({ name }) => name).join(', ')}`, {
      code: 'selector_invalid',
      origin: yaml.locate(['selectors']),
    });
  }
  return [...found.values()];
}

interface Reading {
  readonly known: ReadonlyMap<string, NamedSelector>;
  readonly indirect: IndirectSelection;
}

function specOf(definition: unknown, reading: Reading): SelectionSpec {
  if (typeof definition === 'string') return parseCriterion(definition, reading.indirect);
  if (!isJsonRecord(definition))
    throw invalid(`a definition is a text or a map, not ${JSON.stringify(definition)}`);
  if ('union' in definition) return setOf('union', definition['union'], reading);
  if ('intersection' in definition) return setOf('intersection', definition['intersection'], reading);
  return termOf(definition, reading);
}

/** A union or intersection; one `exclude` among its members is taken from the whole. */
function setOf(type: 'union' | 'intersection', members: unknown, reading: Reading): SelectionSpec {
  if (!Array.isArray(members)) throw invalid(`"${type}" is a list`);
  const excluded = members.filter((member) => isExclusion(member));
  if (excluded.length > 1) throw invalid(`"${type}" has more than one "exclude"`);
  const parts = members.filter((member) => !isExclusion(member)).map((member) => specOf(member, reading));
  return without({ type, parts, indirect: 'eager' }, excluded[0], reading);
}

function isExclusion(member: unknown): boolean {
  return isJsonRecord(member) && 'exclude' in member && !('method' in member);
}

function without(spec: SelectionSpec, holder: unknown, reading: Reading): SelectionSpec {
  const exclude = isJsonRecord(holder) ? holder['exclude'] : undefined;
  if (exclude === undefined) return spec;
  if (!Array.isArray(exclude)) throw invalid('"exclude" is a list');
  const excluded = exclude.map((item) => specOf(item, reading));
  return { type: 'difference', parts: [spec, ...excluded], indirect: 'eager' };
}

const termKeys = [
  'method',
  'value',
  'parents',
  'parents_depth',
  'children',
  'children_depth',
  'childrens_parents',
  'indirect_selection',
  'exclude',
];

function termOf(definition: Readonly<Record<string, unknown>>, reading: Reading): SelectionSpec {
  const entries = Object.entries(definition);
  if (definition['method'] === 'selector') return inherited(definition, reading);
  const [single] = entries;
  if (entries.length === 1 && single && single[0] !== 'method') {
    const [method, value] = single;
    return criterion({ method, value }, reading);
  }
  if (definition['method'] === undefined || definition['value'] === undefined) {
    throw invalid(`a term needs "method" and "value"; it has ${entries.map(([key]) => key).join(', ')}`);
  }
  const unknown = entries.map(([key]) => key).find((key) => !termKeys.includes(key));
  if (unknown !== undefined) throw invalid(`unknown key "${unknown}"${didYouMean(unknown, termKeys)}`);
  return without(criterion(definition, reading), definition, reading);
}

function inherited(
  definition: Readonly<Record<string, unknown>>,
  { known, indirect }: Reading,
): SelectionSpec {
  const name = String(definition['value']);
  const selector = known.get(name);
  if (selector) return without(selector.spec, definition, { known, indirect });
  throw invalid(`there is no selector "${name}" before this one${didYouMean(name, known.keys())}`);
}

function criterion(given: Readonly<Record<string, unknown>>, reading: Reading): Criterion {
  const flag = (key: string): boolean => given[key] === true;
  const depth = (key: string): string | undefined =>
    given[key] === undefined || given[key] === null ? undefined : plainText(given[key]);
  const said = depth('indirect_selection');
  const indirect = indirectSelections.find((mode) => mode === (said ?? reading.indirect));
  if (indirect === undefined) {
    throw invalid(`"indirect_selection" is ${said}; it is one of ${indirectSelections.join(', ')}`);
  }
  return criterionFrom(JSON.stringify(given), {
    method: String(given['method']),
    value: String(given['value']),
    childrensParents: flag('childrens_parents'),
    upstream: depthOf(flag('parents'), depth('parents_depth')),
    downstream: depthOf(flag('children'), depth('children_depth')),
    indirect,
  });
}

function checkRoot(definition: Readonly<Record<string, unknown>>): void {
  const isSet = 'union' in definition || 'intersection' in definition;
  if (isSet && Object.keys(definition).length > 1) {
    throw invalid(
      `beside "union" or "intersection" nothing else may stand: ${Object.keys(definition).join(', ')}`,
    );
  }
}

/** The definition with those that it inherits put in and every term spelt out, as dbt writes it into the manifest. */
function expanded(definition: unknown, known: ReadonlyMap<string, NamedSelector>): unknown {
  if (typeof definition === 'string') return termEntry(parseCriterion(definition, 'eager'));
  if (!isJsonRecord(definition)) return definition;
  if (definition['method'] === 'selector') {
    return known.get(plainText(definition['value']))?.definition['definition'] ?? definition;
  }
  const [single, ...more] = Object.entries(definition);
  if (single && more.length === 0 && !Array.isArray(single[1])) {
    return { method: single[0], value: single[1] };
  }
  return Object.fromEntries(
    Object.entries(definition).map(([key, item]) => [
      key,
      Array.isArray(item) ? item.map((part) => expanded(part, known)) : item,
    ]),
  );
}

function termEntry({
  method,
  methodArguments,
  value,
  upstream,
  downstream,
  childrensParents,
}: Criterion): object {
  const depths = (key: 'parents' | 'children', depth: number): object =>
    depth === 0 ? {} : { [key]: true, ...(depth === Infinity ? {} : { [`${key}_depth`]: String(depth) }) };
  return {
    method: [method, ...methodArguments].join('.'),
    value,
    ...(childrensParents ? { childrens_parents: true } : {}),
    ...depths('parents', upstream),
    ...depths('children', downstream),
  };
}

function placed(error: unknown, origin: Origin): unknown {
  if (!(error instanceof ConfigError) || error.origin) return error;
  return new ConfigError(error.message, {
    code: error.code,
    origin,
    ...(error.next === undefined ? {} : { next: error.next }),
  });
}

function invalid(message: string): ConfigError {
  return new ConfigError(message, { code: 'selector_invalid' });
}
