import { resolve } from 'node:path';
import type { StepOutcome } from '../../core/executor.ts';
import type { JsonObject } from '../../core/json.ts';
import type { GraphNode, RelationRef } from '../../core/node.ts';
import { facetMaker, schemaFields } from './facets.ts';
import type { DatasetPlace, LineageSource, LoadedFrom } from './lineage-source.ts';

/** A table or file, as OpenLineage tells one from another. */
interface DatasetName {
  readonly namespace: string;
  readonly name: string;
  readonly connection: string;
  readonly uri: string;
}

export function relationName(source: LineageSource, relation: RelationRef): DatasetName | undefined {
  const place = source.place(relation.connection);
  if (!place) return undefined;
  const { connection } = relation;
  const parts = place.hasSchemas ? [relation.schema, relation.name] : [relation.name];
  return { connection, uri: place.uri, namespace: place.namespace, name: nameIn(place, parts) };
}

/** What a load reads; undefined for what has no name, such as a query. */
export function loadedName(
  source: LineageSource,
  { connection, stream }: LoadedFrom,
): DatasetName | undefined {
  const place = source.place(connection);
  if (!place) return undefined;
  const { namespace, uri } = place;
  if (namespace === 'file') {
    const path = resolve(place.prefix[0] ?? '/', stream.replace(/^file:\/\//, ''));
    return { connection, uri, namespace, name: path };
  }
  const parts = stream.split('.').map((part) => part.replace(/^["`](.*)["`]$/, '$1'));
  return { connection, uri, namespace, name: nameIn(place, place.hasSchemas ? parts : parts.slice(-1)) };
}

function nameIn(place: DatasetPlace, parts: readonly string[]): string {
  return [...place.prefix, ...parts.filter((part) => part !== '')].join('.');
}

/** A dataset with what is known of it without reading it. */
export function datasetOf(
  source: LineageSource,
  name: DatasetName,
  node?: GraphNode,
  outcome?: StepOutcome,
): JsonObject {
  const facet = facetMaker(source.version);
  const columns = outcome?.columns ?? node?.columns ?? [];
  return {
    namespace: name.namespace,
    name: name.name,
    facets: {
      dataSource: facet('DatasourceDatasetFacet', { name: name.connection, uri: name.uri }),
      ...(columns.length === 0
        ? {}
        : { schema: facet('SchemaDatasetFacet', { fields: schemaFields(columns) }) }),
      ...(node && node.description !== ''
        ? { documentation: facet('DocumentationDatasetFacet', { description: node.description }) }
        : {}),
    },
  };
}

/** The same with what a step wrote to it. */
export function outputOf(
  source: LineageSource,
  name: DatasetName,
  node: GraphNode,
  outcome?: StepOutcome,
): JsonObject {
  const { rows, bytes } = outcome ?? {};
  const statistics = {
    ...(rows === undefined ? {} : { rowCount: rows }),
    ...(bytes === undefined ? {} : { size: bytes }),
  };
  return {
    ...datasetOf(source, name, node, outcome),
    ...(Object.keys(statistics).length === 0
      ? {}
      : {
          outputFacets: {
            outputStatistics: facetMaker(source.version)('OutputStatisticsOutputDatasetFacet', statistics),
          },
        }),
  };
}
