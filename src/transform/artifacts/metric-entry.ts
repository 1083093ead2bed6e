import { plainText } from '../files/plain-value.ts';
import type { JsonObject, JsonValue } from '../../core/json.ts';
import type { Manifest } from '../reading/manifest.ts';
import type { SectionEntry } from '../reading/section-reader.ts';
import type { ArtifactNode } from './artifact-node.ts';
import { sectionConfigEntry, unrenderedConfig } from './config-entry.ts';
import { sectionPlace } from './definition-entries.ts';
import { isJsonObject, listOf, objectOf } from './json-part.ts';

/** What a metric may be made of, by name. */
export interface MetricSources {
  /** Id of the semantic model that has a measure. */
  readonly modelByMeasure: ReadonlyMap<string, string>;
  readonly metrics: ReadonlyMap<string, SectionEntry>;
}

/** An entry of `metrics`. */
export function metricEntry(
  manifest: Manifest,
  entry: SectionEntry,
  sources: MetricSources,
  createdAtSeconds: number,
): ArtifactNode {
  const { properties } = entry;
  const said = sectionConfigEntry({ group: null }, entry.entries);
  const config = { ...said, meta: objectOf(said['meta'] ?? properties['meta']) };
  const parameters = typeParameters(objectOf(properties['type_params']), properties['type']);
  return {
    name: entry.name,
    ...sectionPlace(manifest, entry, 'metric', metricId(entry)),
    fqn: [...entry.fqn],
    description: properties['description'] ?? '',
    label: properties['label'] ?? entry.name,
    type: properties['type'] ?? 'simple',
    type_params: { ...parameters, input_measures: inputMeasures(entry, sources, new Set()) },
    filter: filterEntry(properties['filter']),
    metadata: null,
    time_granularity: properties['time_granularity'] ?? null,
    meta: config.meta,
    tags: [...listOf(properties['tags'])].map(String),
    config,
    unrendered_config: unrenderedConfig(entry.entries),
    sources: [],
    depends_on: { macros: [], nodes: dependenciesOf(parameters, sources) },
    refs: [],
    metrics: [],
    created_at: createdAtSeconds,
    group: said['group'] ?? null,
  };
}

export function metricId({ packageName, name }: SectionEntry): string {
  return `metric.${packageName}.${name}`;
}

function typeParameters(given: JsonObject, type: JsonValue | undefined): JsonObject {
  const conversion = given['conversion_type_params'];
  return {
    measure: inputMeasure(given['measure']),
    numerator: inputMetric(given['numerator']),
    denominator: inputMetric(given['denominator']),
    expr: given['expr'] === null || given['expr'] === undefined ? null : plainText(given['expr']),
    window: windowEntry(given['window']),
    grain_to_date: given['grain_to_date'] ?? null,
    metrics: listOf(given['metrics']).map((metric) => inputMetric(metric)),
    conversion_type_params: isJsonObject(conversion)
      ? {
          base_measure: inputMeasure(conversion['base_measure']),
          conversion_measure: inputMeasure(conversion['conversion_measure']),
          entity: conversion['entity'] ?? '',
          calculation: conversion['calculation'] ?? 'conversion_rate',
          window: windowEntry(conversion['window']),
          constant_properties: conversion['constant_properties'] ?? null,
        }
      : null,
    cumulative_type_params: type === 'cumulative' ? cumulative(given) : null,
  };
}

function cumulative(given: JsonObject): JsonObject {
  const said = objectOf(given['cumulative_type_params']);
  return {
    window: windowEntry(said['window'] ?? given['window']),
    grain_to_date: said['grain_to_date'] ?? given['grain_to_date'] ?? null,
    period_agg: said['period_agg'] ?? 'first',
  };
}

function inputMeasure(value: JsonValue | undefined): JsonValue {
  if (value === null || value === undefined) return null;
  const given = isJsonObject(value) ? value : { name: plainText(value) };
  return {
    name: given['name'] ?? '',
    filter: filterEntry(given['filter']),
    alias: given['alias'] ?? null,
    join_to_timespine: given['join_to_timespine'] ?? false,
    fill_nulls_with: given['fill_nulls_with'] ?? null,
  };
}

function inputMetric(value: JsonValue | undefined): JsonValue {
  if (value === null || value === undefined) return null;
  const given = isJsonObject(value) ? value : { name: plainText(value) };
  return {
    name: given['name'] ?? '',
    filter: filterEntry(given['filter']),
    alias: given['alias'] ?? null,
    offset_window: windowEntry(given['offset_window']),
    offset_to_grain: given['offset_to_grain'] ?? null,
  };
}

/** `7 days` as a count and a granularity. */
function windowEntry(value: JsonValue | undefined): JsonValue {
  if (typeof value !== 'string') return value ?? null;
  const [count = '', granularity = ''] = value.trim().split(/\s+/);
  return { count: Number(count), granularity: granularity.replace(/s$/, '') };
}

/** A condition, or several that all hold. */
export function filterEntry(value: JsonValue | undefined): JsonValue {
  const conditions = listOf(value);
  if (conditions.length === 0) return null;
  return { where_filters: conditions.map((condition) => ({ where_sql_template: plainText(condition) })) };
}

function dependenciesOf(
  parameters: JsonObject,
  { modelByMeasure, metrics }: MetricSources,
): readonly string[] {
  const conversion = objectOf(parameters['conversion_type_params']);
  const measures = [parameters['measure'], conversion['base_measure'], conversion['conversion_measure']];
  const named = [parameters['numerator'], parameters['denominator'], ...listOf(parameters['metrics'])];
  const found = [
    ...measures.map((measure) => modelByMeasure.get(nameOf(measure))),
    ...named.map((metric) => {
      const entry = metrics.get(nameOf(metric));
      return entry && metricId(entry);
    }),
  ];
  return [...new Set(found.filter((id) => id !== undefined))];
}

/** The measures that a metric comes down to. */
function inputMeasures(entry: SectionEntry, sources: MetricSources, seen: Set<string>): readonly JsonValue[] {
  if (seen.has(entry.name)) return [];
  seen.add(entry.name);
  const parameters = typeParameters(objectOf(entry.properties['type_params']), entry.properties['type']);
  const conversion = objectOf(parameters['conversion_type_params']);
  const own = [parameters['measure'], conversion['base_measure'], conversion['conversion_measure']].filter(
    (measure) => isJsonObject(measure),
  );
  const named = [parameters['numerator'], parameters['denominator'], ...listOf(parameters['metrics'])];
  const below = named.flatMap((metric) => {
    const other = sources.metrics.get(nameOf(metric));
    return other ? inputMeasures(other, sources, seen) : [];
  });
  return [...own, ...below];
}

function nameOf(value: JsonValue | undefined): string {
  return plainText(objectOf(value)['name'] ?? '');
}
