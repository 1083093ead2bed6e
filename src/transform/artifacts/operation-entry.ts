import { createHash } from 'node:crypto';
import { mergeLayers, treeLayers } from '../manifest/config-layer.ts';
import { homeName } from '../manifest/dataset.ts';
import type { Manifest, RunHook } from '../reading/manifest.ts';
import type { ArtifactNode } from './artifact-node.ts';
import { configEntry, unrenderedConfig } from './config-entry.ts';
import { listOf } from './json-part.ts';
import { macroUses } from './macro-uses.ts';

/** The hooks of `on-run-start` and `on-run-end` in `nodes` of the manifest, by id. */
export function operationEntries(manifest: Manifest, createdAtSeconds: number): Record<string, ArtifactNode> {
  const counts = new Map<string, number>();
  return Object.fromEntries(
    manifest.runHooks.map((hook) => {
      const place = `${hook.packageName}-on-run-${hook.at}`;
      const index = counts.get(place) ?? 0;
      counts.set(place, index + 1);
      const entry = operationEntry(manifest, hook, { name: `${place}-${index}`, index, createdAtSeconds });
      return [entry.unique_id, entry];
    }),
  );
}

function operationEntry(
  manifest: Manifest,
  { at, packageName, text }: RunHook,
  { name, index, createdAtSeconds }: { name: string; index: number; createdAtSeconds: number },
): ArtifactNode {
  const code = text.trim();
  const fqn = [packageName, 'hooks', name];
  const { yaml, trees } = manifest.projectFile;
  const entries = mergeLayers(treeLayers(yaml, trees.models, fqn));
  const config = configEntry('analysis', entries);
  const scope = manifest.scopes.get(homeName({ packageName, dataset: undefined })) ?? manifest.scope;
  return {
    database: manifest.scope.databaseName,
    schema: manifest.scope.targetSchema,
    name,
    resource_type: 'operation',
    package_name: packageName,
    path: `hooks/${name}.sql`,
    original_file_path: './dbt_project.yml',
    unique_id: `operation.${packageName}.${name}`,
    fqn,
    alias: name,
    checksum: { name: 'sha256', checksum: createHash('sha256').update(code).digest('hex') },
    config,
    tags: [`on-run-${at}`, ...listOf(config['tags']).map(String)],
    description: '',
    columns: {},
    meta: config['meta'] ?? {},
    group: config['group'] ?? null,
    docs: config['docs'] ?? { show: true, node_color: null },
    patch_path: null,
    build_path: null,
    unrendered_config: unrenderedConfig(entries),
    created_at: createdAtSeconds,
    relation_name: null,
    raw_code: code,
    language: 'sql',
    refs: [],
    sources: [],
    metrics: [],
    depends_on: { macros: macroUses(code, scope.macros), nodes: [] },
    compiled_path: null,
    contract: { enforced: false, alias_types: true, checksum: null },
    index,
  };
}
