import type { Exposure, Manifest } from '../reading/manifest.ts';
import { metricIds } from './definition-entries.ts';
import { semanticEntries } from './semantic-entries.ts';

/** Ids of the models that metrics are measured on, through other metrics and semantic models. Throws as `semanticModelEntry`. */
export function modelsOfMetrics(manifest: Manifest, calls: Exposure['metrics']): readonly string[] {
  if (calls.length === 0) return [];
  const { all } = semanticEntries(manifest, 0);
  const seen = new Set(metricIds(manifest, calls));
  for (const id of seen) for (const further of all[id]?.depends_on?.nodes ?? []) seen.add(further);
  return [...seen].filter((id) => manifest.byId.has(id));
}
