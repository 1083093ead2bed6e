import { plainText } from '../files/plain-value.ts';
import type { Manifest } from '../reading/manifest.ts';
import type { SectionEntry, Sections } from '../reading/section-reader.ts';
import type { ArtifactNode } from './artifact-node.ts';
import { objectsOf } from './json-part.ts';
import { metricEntry, metricId } from './metric-entry.ts';
import { savedQueryEntry, savedQueryId } from './saved-query-entry.ts';
import { semanticModelEntry, semanticModelId } from './semantic-model-entry.ts';

type Entries = Readonly<Record<string, ArtifactNode>>;

interface SemanticEntries {
  readonly metrics: Entries;
  readonly semanticModels: Entries;
  readonly savedQueries: Entries;
  readonly all: Entries;
}

/** Semantic models, metrics and saved queries, with what each of them depends on. */
export function semanticEntries(manifest: Manifest, createdAtSeconds: number): SemanticEntries {
  const { sections } = manifest;
  const modelByMeasure = new Map(
    sections.semanticModels.flatMap((entry) =>
      objectsOf(entry.properties['measures']).map((measure): [string, string] => [
        plainText(measure['name']),
        semanticModelId(entry),
      ]),
    ),
  );
  const metricSections = [...sections.metrics, ...sections.semanticModels.flatMap(ownMetrics)];
  const metricsByName = new Map(metricSections.map((entry) => [entry.name, entry]));
  const sources = { modelByMeasure, metrics: metricsByName };
  const semanticModels = Object.fromEntries(
    sections.semanticModels.map((entry) => [
      semanticModelId(entry),
      semanticModelEntry(manifest, entry, createdAtSeconds),
    ]),
  );
  const metrics = Object.fromEntries(
    metricSections.map((entry) => [metricId(entry), metricEntry(manifest, entry, sources, createdAtSeconds)]),
  );
  const savedQueries = Object.fromEntries(
    sections.savedQueries.map((entry) => [
      savedQueryId(entry),
      savedQueryEntry(manifest, entry, metricsByName, createdAtSeconds),
    ]),
  );
  return { metrics, semanticModels, savedQueries, all: { ...metrics, ...semanticModels, ...savedQueries } };
}

/** Those that are switched off; what they would be made of is not looked up. */
export function disabledSemanticEntries(
  manifest: Manifest,
  { semanticModels, metrics, savedQueries }: Sections,
  createdAtSeconds: number,
): readonly ArtifactNode[] {
  const nothing = { modelByMeasure: new Map<string, string>(), metrics: new Map<string, SectionEntry>() };
  return [
    ...semanticModels.map((entry) => semanticModelEntry(manifest, entry, createdAtSeconds, false)),
    ...metrics.map((entry) => metricEntry(manifest, entry, nothing, createdAtSeconds)),
    ...savedQueries.map((entry) => savedQueryEntry(manifest, entry, nothing.metrics, createdAtSeconds)),
  ];
}

/** The metrics that measures with `create_metric` make. */
function ownMetrics(entry: SectionEntry): readonly SectionEntry[] {
  return objectsOf(entry.properties['measures'])
    .filter((measure) => measure['create_metric'] === true)
    .map((measure) => {
      const name = plainText(measure['name']);
      return {
        ...entry,
        name,
        fqn: [...entry.fqn.slice(0, -1), name],
        properties: {
          name,
          label: measure['label'] ?? name,
          description: `Metric created from measure ${name}`,
          type: 'simple',
          type_params: { measure: name, expr: name },
        },
        entries: new Map([['enabled', { value: true, origin: entry.origin }]]),
      };
    });
}
