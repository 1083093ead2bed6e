import type { JsonObject, JsonValue } from '../../core/json.ts';
import type { ArtifactNode, ManifestArtifact } from './artifact-node.ts';
import { listOf, objectOf, objectsOf } from './json-part.ts';

/** dbt's `semantic_manifest.json`, as the version of dbt-semantic-interfaces that dbt 1.9 comes with writes it. */
export function semanticArtifact(manifest: ManifestArtifact): JsonObject {
  return {
    semantic_models: Object.values(manifest.semantic_models).map(semanticModel),
    metrics: Object.values(manifest.metrics).map(metric),
    project_configuration: {
      time_spine_table_configurations: legacyTimeSpine(manifest),
      metadata: null,
      dsi_package_version: { major_version: '0', minor_version: '7', patch_version: '5' },
      time_spines: Object.values(manifest.nodes).flatMap((node) => timeSpine(node) ?? []),
    },
    saved_queries: Object.values(manifest.saved_queries).map(savedQuery),
  };
}

function picked(from: JsonObject | ArtifactNode, keys: readonly string[]): JsonObject {
  return Object.fromEntries(keys.map((key) => [key, from[key] ?? null]));
}

function metaOf({ config }: ArtifactNode): JsonObject {
  return { meta: objectOf(config?.['meta']) };
}

const shared = ['name', 'description', 'type', 'expr', 'metadata', 'label'];

function semanticModel(node: ArtifactNode): JsonObject {
  return {
    ...picked(node, ['name', 'defaults', 'description', 'node_relation', 'primary_entity']),
    entities: objectsOf(node['entities']).map((entity) => picked(entity, [...shared, 'role'])),
    measures: objectsOf(node['measures']).map((measure) => ({ ...measure, metadata: null })),
    dimensions: objectsOf(node['dimensions']).map((dimension) =>
      picked(dimension, [...shared, 'is_partition', 'type_params']),
    ),
    ...picked(node, ['label', 'metadata']),
    config: metaOf(node),
  };
}

function metric(node: ArtifactNode): JsonObject {
  return {
    ...picked(node, [
      'name',
      'description',
      'type',
      'type_params',
      'filter',
      'metadata',
      'label',
      'time_granularity',
    ]),
    config: metaOf(node),
  };
}

function savedQuery(node: ArtifactNode): JsonObject {
  return {
    ...picked(node, ['name', 'query_params', 'description', 'metadata', 'label']),
    exports: objectsOf(node['exports']).map(({ name = '', config }) => ({
      name,
      config: picked(objectOf(config), ['export_as', 'schema_name', 'alias']),
    })),
  };
}

/** The model that is a time spine, if `time_spine:` says so; undefined where its column has no granularity. */
function timeSpine(node: ArtifactNode): JsonObject | undefined {
  const said = node['time_spine'];
  if (said === null || said === undefined) return undefined;
  const { standard_granularity_column: column, custom_granularities: custom } = objectOf(said);
  const granularity =
    typeof column === 'string' && objectOf(objectOf(node['columns'])[column])['granularity'];
  if (!granularity) return undefined;
  return {
    node_relation: relationEntry(node),
    primary_column: { name: column ?? null, time_granularity: granularity },
    custom_granularities: objectsOf(custom).map(({ name = '', column_name: from }) => ({
      name,
      column_name: from ?? null,
    })),
  };
}

function relationEntry(node: ArtifactNode): JsonObject {
  return {
    alias: node['alias'] ?? null,
    schema_name: node['schema'] ?? null,
    database: node['database'] ?? null,
    relation_name: node['relation_name'] ?? null,
  };
}

/** A model of this name is a time spine of days without saying so. */
const legacyName = 'metricflow_time_spine';

function legacyTimeSpine(manifest: ManifestArtifact): readonly JsonValue[] {
  if (Object.keys(manifest.semantic_models).length === 0) return [];
  const node = Object.values(manifest.nodes).find(
    ({ name, resource_type: type }) => name === legacyName && type === 'model',
  );
  return listOf(node?.['relation_name']).map((location) => ({
    location,
    column_name: 'date_day',
    grain: 'day',
  }));
}
