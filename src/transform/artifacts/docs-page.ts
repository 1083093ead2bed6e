import type { JsonObject, JsonValue } from '../../core/json.ts';
import type { ArtifactNode, ManifestArtifact } from './artifact-node.ts';
import { plainText } from '../files/plain-value.ts';
import { objectOf, objectsOf } from './json-part.ts';
import { docsScript, docsStyle } from './docs-page-script.ts';

/** One HTML file without any other that shows a project: descriptions, columns, tests, lineage and SQL. */
export function docsPage(manifest: ManifestArtifact, catalog: JsonObject): string {
  const title = escaped(plainText(manifest.metadata.project_name));
  const data = JSON.stringify(resources(manifest, catalog)).replaceAll('<', '\\u003c');
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<style>${docsStyle}</style>
</head>
<body>
<nav><h1>${title}</h1><input type="search" placeholder="Search" aria-label="Search"><ul></ul></nav>
<main></main>
<script type="application/json" id="resources">${data}</script>
<script>${docsScript}</script>
</body>
</html>
`;
}

const shownTypes = new Set([
  'model',
  'seed',
  'snapshot',
  'source',
  'exposure',
  'metric',
  'semantic_model',
  'saved_query',
  'analysis',
]);

function resources(manifest: ManifestArtifact, catalog: JsonObject): readonly JsonObject[] {
  const all = {
    ...manifest.sources,
    ...manifest.nodes,
    ...manifest.exposures,
    ...manifest.semantic_models,
    ...manifest.metrics,
    ...manifest.saved_queries,
  };
  const tables = { ...objectOf(catalog['nodes']), ...objectOf(catalog['sources']) };
  const isShown = (id: string): boolean => shownTypes.has(all[id]?.resource_type ?? '');
  return Object.values(all)
    .filter(({ unique_id: id }) => isShown(id))
    .map((node) => {
      const { unique_id: id } = node;
      const children = manifest.child_map[id] ?? [];
      const tests = children.filter((child) => all[child]?.resource_type === 'test');
      return {
        id,
        type: node.resource_type,
        name: titleOf(node),
        package: node.package_name,
        path: node.original_file_path,
        relation: node['relation_name'] ?? null,
        materialized: node.config?.['materialized'] ?? null,
        description: node['description'] ?? '',
        tags: [...(node.tags ?? [])],
        columns: columnsOf(node, objectOf(tables[id])),
        tests: tests.map((test) => all[test]?.name ?? test),
        parents: (manifest.parent_map[id] ?? []).filter(isShown),
        children: children.filter(isShown),
        sql: node.raw_code ?? '',
        compiled: node['compiled_code'] ?? '',
      };
    });
}

function titleOf(node: ArtifactNode): string {
  if (node.resource_type === 'source') return `${plainText(node['source_name'])}.${node.name}`;
  const version = node['version'];
  return version === null || version === undefined ? node.name : `${node.name}.v${plainText(version)}`;
}

/** Those that are described, and what the warehouse has beside them. */
function columnsOf(node: ArtifactNode, table: JsonObject): readonly JsonValue[] {
  const described = objectsOf(Object.values(objectOf(node['columns'])));
  const present = objectsOf(Object.values(objectOf(table['columns'])));
  const typeOf = new Map(present.map((column) => [keyOf(column), column['type'] ?? null]));
  const known = new Set(described.map(keyOf));
  return [...described, ...present.filter((column) => !known.has(keyOf(column)))].map((column) => ({
    name: column['name'] ?? '',
    type: typeOf.get(keyOf(column)) ?? column['data_type'] ?? null,
    description: column['description'] ?? column['comment'] ?? '',
  }));
}

function keyOf({ name }: JsonObject): string {
  return plainText(name).toLowerCase();
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}
