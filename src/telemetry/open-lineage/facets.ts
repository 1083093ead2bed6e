import type { JsonObject } from '../../core/json.ts';
import type { ColumnDoc } from '../../core/node.ts';

/** The purl of the package: who says so, in every event and facet. */
export function producerOf(version: string): string {
  return `pkg:npm/millrace@${version}`;
}

/** Facets of OpenLineage with the version of their schema that is kept to. */
const facetVersions = {
  ParentRunFacet: '1-1-0',
  NominalTimeRunFacet: '1-0-1',
  ErrorMessageRunFacet: '1-0-1',
  ProcessingEngineRunFacet: '1-1-1',
  JobTypeJobFacet: '2-0-3',
  DocumentationJobFacet: '1-1-0',
  SQLJobFacet: '1-1-0',
  SchemaDatasetFacet: '1-1-1',
  DatasourceDatasetFacet: '1-0-1',
  DocumentationDatasetFacet: '1-1-0',
  OutputStatisticsOutputDatasetFacet: '1-0-2',
  DataQualityAssertionsDatasetFacet: '1-0-1',
} as const;

/** Makes facets that carry who made them and what schema they keep to. */
export function facetMaker(
  version: string,
): (type: keyof typeof facetVersions, content: JsonObject) => JsonObject {
  const producer = producerOf(version);
  return (type, content) => ({
    _producer: producer,
    _schemaURL: `https://openlineage.io/spec/facets/${facetVersions[type]}/${type}.json#/$defs/${type}`,
    ...content,
  });
}

/** Columns as the `schema` facet lists them. */
export function schemaFields(columns: readonly ColumnDoc[]): readonly JsonObject[] {
  return columns.map(({ name, dataType, description }) => ({
    name,
    ...(dataType === undefined ? {} : { type: dataType }),
    ...(description === undefined || description === '' ? {} : { description }),
  }));
}
