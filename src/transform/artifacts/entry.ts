import type { AnalysisNode, TransformNode } from '../manifest/transform-node.ts';
import type { Manifest } from '../reading/manifest.ts';
import type { ArtifactNode } from './artifact-node.ts';
import { nodeEntry } from './node-entry.ts';
import { sourceEntry } from './source-entry.ts';
import { testEntry, unitTestEntry } from './test-entry.ts';

export interface EntryRequest {
  readonly createdAtSeconds: number;
  /** Absolute folder of the dbt project. */
  readonly root: string;
}

/** What the manifest says about a node of any kind. */
export function entryOf(
  manifest: Manifest,
  node: TransformNode | AnalysisNode,
  given: EntryRequest,
): ArtifactNode {
  if (node.kind === 'source') return sourceEntry(manifest, node, given.createdAtSeconds);
  if (node.kind !== 'test') return nodeEntry(manifest, node, given);
  return node.body.sort === 'unit' ? unitTestEntry(manifest, node, given) : testEntry(manifest, node, given);
}
