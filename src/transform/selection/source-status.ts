import { plainText } from '../files/plain-value.ts';
import { ConfigError } from '../../core/errors.ts';
import type { JsonObject } from '../../core/json.ts';
import type { ArtifactNode } from '../artifacts/artifact-node.ts';
import { objectsOf } from '../artifacts/json-part.ts';
import type { PreviousState } from './previous-state.ts';

/** `result:<status>`: what ended so in the run before. */
export function hasResult(
  status: string,
  previous: PreviousState | undefined,
): (node: ArtifactNode) => boolean {
  const statuses = previous?.statuses;
  if (!statuses) throw missing('run_results.json', `result:${status}`);
  return (node) => statuses.get(node.unique_id) === status;
}

/** `source_status:fresher`: sources whose newest row is newer than it was. */
export function fresherSources(
  value: string,
  previous: PreviousState | undefined,
): (node: ArtifactNode) => boolean {
  if (value !== 'fresher') {
    throw new ConfigError(`"source_status:${value}": there is only "fresher"`, { code: 'selection_invalid' });
  }
  if (!previous?.sources) throw missing('sources.json', 'source_status:fresher');
  if (!previous.currentSources) {
    throw new ConfigError('there is no sources.json of now to compare with', {
      code: 'state_missing',
      next: 'Run: millrace source freshness',
    });
  }
  const before = loadedAt(previous.sources);
  const now = loadedAt(previous.currentSources);
  return ({ unique_id: id }) => {
    const newest = now.get(id);
    if (newest === undefined) return false;
    const older = before.get(id);
    return older === undefined || Date.parse(newest) > Date.parse(older);
  };
}

function loadedAt(artifact: JsonObject): ReadonlyMap<string, string> {
  return new Map(
    objectsOf(artifact['results']).flatMap((result): [string, string][] =>
      typeof result['max_loaded_at'] === 'string'
        ? [[plainText(result['unique_id']), result['max_loaded_at']]]
        : [],
    ),
  );
}

function missing(file: string, said: string): ConfigError {
  return new ConfigError(`"${said}" needs the ${file} of an earlier run`, {
    code: 'state_missing',
    next: 'Name its folder: --state path/to/artifacts',
  });
}
