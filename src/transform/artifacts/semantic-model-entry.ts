import { plainText } from '../files/plain-value.ts';
import type { JsonObject, JsonValue } from '../../core/json.ts';
import { createRelation } from '../context/relation.ts';
import type { RefArguments } from '../manifest/transform-node.ts';
import type { Manifest } from '../reading/manifest.ts';
import { resolveRef } from '../reading/resolution.ts';
import type { SectionEntry } from '../reading/section-reader.ts';
import type { ArtifactNode } from './artifact-node.ts';
import { sectionConfigEntry, unrenderedConfig } from './config-entry.ts';
import { sectionPlace } from './definition-entries.ts';
import { isJsonObject, objectOf, objectsOf, textOf } from './json-part.ts';
import { callEntries } from './node-entry.ts';

/** An entry of `semantic_models`. Throws a ConfigError `model_missing` for a model that does not exist. */
export function semanticModelEntry(
  manifest: Manifest,
  entry: SectionEntry,
  createdAtSeconds: number,
  isEnabled = true,
): ArtifactNode {
  const { properties } = entry;
  const said = textOf(properties['model']) ?? '';
  const call = refOf(said);
  const home = { packageName: entry.packageName, dataset: undefined };
  const node = isEnabled ? resolveRef(manifest.names, { ...call, origin: entry.origin }, home) : undefined;
  const config = sectionConfigEntry({ group: null, meta: {} }, entry.entries);
  return {
    name: entry.name,
    ...sectionPlace(manifest, entry, 'semantic_model', semanticModelId(entry)),
    fqn: [...entry.fqn],
    model: said,
    node_relation: node
      ? {
          alias: node.relation.identifier,
          schema_name: node.relation.schema,
          database: node.relation.database,
          relation_name: createRelation(node.relation).toString(),
        }
      : null,
    description: properties['description'] ?? null,
    label: properties['label'] ?? null,
    defaults: isJsonObject(properties['defaults'])
      ? { agg_time_dimension: null, ...properties['defaults'] }
      : null,
    entities: objectsOf(properties['entities']).map((item) => ({
      ...named(item),
      role: item['role'] ?? null,
      expr: exprOf(item),
    })),
    measures: objectsOf(properties['measures']).map((item) => measure(item)),
    dimensions: objectsOf(properties['dimensions']).map((item) => ({
      ...named(item),
      is_partition: item['is_partition'] ?? false,
      type_params: dimensionParameters(item['type_params']),
      expr: exprOf(item),
      metadata: null,
    })),
    metadata: null,
    depends_on: { macros: [], nodes: node ? [node.uniqueId] : [] },
    refs: callEntries({ refs: [call], sources: [], metrics: [] }).refs,
    created_at: createdAtSeconds,
    config,
    unrendered_config: unrenderedConfig(entry.entries),
    primary_entity: properties['primary_entity'] ?? null,
    group: config['group'] ?? null,
  };
}

export function semanticModelId({ packageName, name }: SectionEntry): string {
  return `semantic_model.${packageName}.${name}`;
}

/** The arguments of `ref('orders')`, `ref('shop', 'orders')` or `ref('orders', v=2)`. */
function refOf(text: string): RefArguments {
  const inner = /ref\s*\(([\s\S]*)\)/.exec(text)?.[1] ?? '';
  const names = [...inner.matchAll(/['"]([^'"]+)['"]/g)].map(([, name = '']) => name);
  const version = /\bv(?:ersion)?\s*=\s*['"]?([\w.]+)/.exec(inner)?.[1];
  const [first = '', second] = version !== undefined && !inner.includes(',') ? [] : names;
  const isPackaged = second !== undefined && version === undefined;
  return {
    name: isPackaged ? second : first,
    packageName: isPackaged ? first : undefined,
    version: version === undefined || Number.isNaN(Number(version)) ? version : Number(version),
  };
}

function named(item: JsonObject): JsonObject {
  return {
    name: item['name'] ?? '',
    type: item['type'] ?? '',
    description: item['description'] ?? null,
    label: item['label'] ?? null,
  };
}

/** A measure; the metric that it may ask for is an entry of `metrics` by now. */
function measure(item: JsonObject): JsonObject {
  const nonAdditive = item['non_additive_dimension'];
  const parameters = item['agg_params'];
  return {
    name: item['name'] ?? '',
    agg: item['agg'] ?? '',
    description: item['description'] ?? null,
    label: item['label'] ?? null,
    create_metric: false,
    expr: exprOf(item),
    agg_params:
      parameters === null || parameters === undefined
        ? null
        : {
            percentile: null,
            use_discrete_percentile: false,
            use_approximate_percentile: false,
            ...objectOf(parameters),
          },
    non_additive_dimension:
      nonAdditive === null || nonAdditive === undefined
        ? null
        : { window_choice: 'min', window_groupings: [], ...objectOf(nonAdditive) },
    agg_time_dimension: item['agg_time_dimension'] ?? null,
  };
}

function dimensionParameters(value: JsonValue | undefined): JsonValue {
  if (value === null || value === undefined) return null;
  const { time_granularity: granularity, validity_params: validity } = objectOf(value);
  return {
    time_granularity: granularity ?? null,
    validity_params:
      validity === null || validity === undefined
        ? null
        : { is_start: false, is_end: false, ...objectOf(validity) },
  };
}

function exprOf({ expr }: JsonObject): JsonValue {
  return expr === null || expr === undefined ? null : plainText(expr);
}
