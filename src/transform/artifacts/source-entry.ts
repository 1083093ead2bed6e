import type { JsonObject, JsonValue } from '../../core/json.ts';
import { createRelation } from '../context/relation.ts';
import { mergedFreshness } from '../manifest/freshness-config.ts';
import type { SourceNode } from '../manifest/transform-node.ts';
import type { Manifest } from '../reading/manifest.ts';
import type { ArtifactNode } from './artifact-node.ts';
import { columnEntries } from './column-entry.ts';
import { configEntry, unrenderedConfig } from './config-entry.ts';
import { isJsonObject, objectOf, textOf } from './json-part.ts';
import { placeEntry } from './node-entry.ts';

/** An entry of `sources`. */
export function sourceEntry(manifest: Manifest, node: SourceNode, createdAtSeconds: number): ArtifactNode {
  const { properties } = node.details;
  const source = objectOf(properties['source']);
  const unrendered = objectOf(properties['unrendered']);
  const freshness = mergedFreshness(node);
  const place = placeEntry(manifest, node);
  return {
    ...place,
    path: place.original_file_path,
    fqn: [...node.fqn],
    database: node.relation.database,
    schema: node.relation.schema,
    name: node.name,
    resource_type: 'source',
    source_name: node.sourceName,
    source_description: source['description'] ?? '',
    loader: textOf(node.config.all['loader']) ?? '',
    identifier: node.relation.identifier,
    quoting: {
      database: null,
      schema: null,
      identifier: null,
      column: null,
      ...definedOf(source['quoting']),
      ...definedOf(properties['quoting']),
    },
    loaded_at_field: textOf(node.config.all['loaded_at_field']) ?? null,
    freshness,
    external: isJsonObject(properties['external']) ? { ...noExternal, ...properties['external'] } : null,
    description: properties['description'] ?? '',
    columns: columnEntries(properties),
    meta: node.config.meta,
    source_meta: objectOf(source['meta']),
    tags: [...node.config.tags],
    config: { ...onlyKnown(configEntry('source', node.entries)), freshness },
    patch_path: null,
    unrendered_config: {
      ...onlyKnown(unrenderedConfig(node.entries)),
      ...(node.entries.has('freshness') ? { freshness } : {}),
    },
    relation_name: createRelation(node.relation).toString(),
    created_at: createdAtSeconds,
    unrendered_database: unrendered['database'] ?? null,
    unrendered_schema: unrendered['schema'] ?? null,
  };
}

const noExternal: JsonObject = {
  location: null,
  file_format: null,
  row_format: null,
  tbl_properties: null,
  partitions: null,
};

const beside = new Set(['loader', 'loaded_at_field', 'loaded_at_query', 'tags', 'meta']);

/** Of a source, dbt keeps these beside `config`. */
function onlyKnown(config: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(config).filter(([key]) => !beside.has(key)));
}

function definedOf(value: JsonValue | undefined): JsonObject {
  return isJsonObject(value)
    ? Object.fromEntries(Object.entries(value).filter(([, item]) => item !== null))
    : {};
}
