import { resolve } from 'node:path';
import type { ConnectionProvider } from '../../../connector/connection.ts';
import { ConfigError } from '../../../core/errors.ts';
import type { ArtifactNode, ManifestArtifact, RunArguments } from '../../../transform/index.ts';
import { checkedManifest, type Selected } from './selected.ts';
import { readArtifact, type Workspace } from './workspace.ts';

/**
 * With --defer: the relations that the manifest of another environment has for nodes that are not selected and do not
 * exist here (with --favor-state: for all that are not selected).
 */
export async function deferredRelations(
  workspace: Workspace,
  connections: ConnectionProvider,
  selected: Selected,
): Promise<RunArguments['deferred']> {
  const { flags, transform } = workspace;
  if (flags.defer !== true) return {};
  const other = await otherManifest(workspace, selected);
  const chosen = new Set(selected.ids);
  const { database } = await connections(transform.connection);
  const existing = new Map<string, ReadonlySet<string>>();
  const deferred: Record<string, RunArguments['deferred'][string]> = {};
  for (const node of transform.manifest.byId.values()) {
    if (node.kind === 'test' || node.kind === 'source' || chosen.has(node.uniqueId)) continue;
    const there = other.nodes[node.uniqueId];
    const name = there && artifactRelation(there);
    if (!name || there.config?.['materialized'] === 'ephemeral') continue;
    const { schema, identifier } = node.relation;
    if (flags.favorState !== true && database) {
      if (!existing.has(schema)) {
        existing.set(schema, new Set((await database.list(schema)).map((item) => item.name.toLowerCase())));
      }
      if (existing.get(schema)?.has(identifier.toLowerCase())) continue;
    }
    deferred[node.uniqueId] = name;
  }
  return deferred;
}

async function otherManifest({ flags }: Workspace, selected: Selected): Promise<ManifestArtifact> {
  const folder = flags.deferState ?? flags.state;
  if (folder === undefined) {
    throw new ConfigError('--defer needs the artifacts of another environment', {
      code: 'state_missing',
      next: 'Name their folder: --state path/to/artifacts',
    });
  }
  if (flags.deferState === undefined && selected.previous?.manifest) return selected.previous.manifest;
  const artifact = await readArtifact(resolve(folder), 'manifest.json');
  if (artifact) return checkedManifest(artifact, folder);
  throw new ConfigError(`there is no manifest.json in ${folder}`, { code: 'state_missing' });
}

/** Where a manifest says that a node is kept. */
export function artifactRelation(node: ArtifactNode): RunArguments['deferred'][string] | undefined {
  const { database, schema, alias } = node;
  if (typeof schema !== 'string' || typeof alias !== 'string') return undefined;
  return { database: typeof database === 'string' ? database : '', schema, identifier: alias };
}
