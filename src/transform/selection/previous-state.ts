import type { JsonObject } from '../../core/json.ts';
import type { ManifestArtifact } from '../artifacts/artifact-node.ts';

/** Artifacts of an earlier run. */
export interface PreviousState {
  readonly manifest?: ManifestArtifact | undefined;
  /** Status by node id, of `run_results.json`. */
  readonly statuses?: ReadonlyMap<string, string> | undefined;
  /** `sources.json` of then. */
  readonly sources?: JsonObject | undefined;
  /** `sources.json` of the last look at the sources. */
  readonly currentSources?: JsonObject | undefined;
}
