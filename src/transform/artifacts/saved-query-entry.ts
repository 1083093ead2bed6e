import type { JsonObject } from '../../core/json.ts';
import type { Manifest } from '../reading/manifest.ts';
import type { SectionEntry } from '../reading/section-reader.ts';
import type { ArtifactNode } from './artifact-node.ts';
import { sectionConfigEntry, unrenderedConfig } from './config-entry.ts';
import { sectionPlace } from './definition-entries.ts';
import { listOf, objectOf, objectsOf } from './json-part.ts';
import { filterEntry, metricId } from './metric-entry.ts';

/** An entry of `saved_queries`. */
export function savedQueryEntry(
  manifest: Manifest,
  entry: SectionEntry,
  metrics: ReadonlyMap<string, SectionEntry>,
  createdAtSeconds: number,
): ArtifactNode {
  const { properties } = entry;
  const query = objectOf(properties['query_params']);
  const base = { group: null, meta: {}, export_as: null, schema: null };
  const config = sectionConfigEntry(base, entry.entries);
  const names = listOf(query['metrics']).map(String);
  return {
    name: entry.name,
    ...sectionPlace(manifest, entry, 'saved_query', savedQueryId(entry)),
    fqn: [...entry.fqn],
    query_params: {
      metrics: names,
      group_by: listOf(query['group_by']).map(String),
      where: filterEntry(query['where']),
      order_by: listOf(query['order_by']).map(String),
      limit: query['limit'] ?? null,
    },
    exports: objectsOf(properties['exports']).map((item) => exportEntry(manifest, item)),
    description: properties['description'] ?? null,
    label: properties['label'] ?? null,
    metadata: null,
    config: { ...config, cache: { enabled: false, ...objectOf(config['cache']) } },
    unrendered_config: unrenderedConfig(entry.entries),
    group: config['group'] ?? null,
    depends_on: {
      macros: [],
      nodes: names.flatMap((name) => {
        const metric = metrics.get(name);
        return metric ? [metricId(metric)] : [];
      }),
    },
    created_at: createdAtSeconds,
    refs: [],
  };
}

export function savedQueryId({ packageName, name }: SectionEntry): string {
  return `saved_query.${packageName}.${name}`;
}

function exportEntry(manifest: Manifest, item: JsonObject): JsonObject {
  const config = objectOf(item['config']);
  const { schema, ...rest } = config;
  return {
    name: item['name'] ?? '',
    config: {
      export_as: rest['export_as'] ?? 'table',
      schema_name: schema ?? manifest.scope.targetSchema,
      alias: rest['alias'] ?? item['name'] ?? '',
      database: rest['database'] ?? manifest.scope.databaseName,
    },
    unrendered_config: config,
  };
}
