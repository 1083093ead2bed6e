import type { Manifest } from '../reading/manifest.ts';
import type { ArtifactNode } from './artifact-node.ts';

interface SemanticEntries {
  readonly metrics: Readonly<Record<string, ArtifactNode>>;
  readonly semanticModels: Readonly<Record<string, ArtifactNode>>;
  readonly savedQueries: Readonly<Record<string, ArtifactNode>>;
  readonly all: Readonly<Record<string, ArtifactNode>>;
}

/** Semantic models, metrics and saved queries, with what each of them depends on. */
export function semanticEntries(manifest: Manifest, createdAtSeconds: number): SemanticEntries {
  void manifest;
  void createdAtSeconds;
  return { metrics: {}, semanticModels: {}, savedQueries: {}, all: {} };
}
