import { resolve } from 'node:path';
import { ConfigError } from '../../../core/errors.ts';
import type { JsonObject, JsonValue } from '../../../core/json.ts';
import {
  type IndirectSelection,
  indirectSelections,
  type ManifestArtifact,
  parseSelectionArguments,
  type PreviousState,
  readProjectSelectors,
  type SelectionSpec,
  selectResources,
} from '../../../transform/index.ts';
import { words } from './dbt-options.ts';
import { currentManifest, readArtifact, type Workspace } from './workspace.ts';

/** What a command is about. */
export interface Selected {
  readonly manifest: ManifestArtifact;
  readonly selectors: JsonObject;
  /** Ids of the resources of the wanted types. */
  readonly ids: readonly string[];
  readonly warnings: readonly string[];
  readonly previous: PreviousState | undefined;
}

/** Evaluates --select, --exclude, --selector and --resource-type over the project. */
export async function selectNodes(workspace: Workspace, resourceTypes: readonly string[]): Promise<Selected> {
  const { flags, transform, root } = workspace;
  const indirect = indirectSelection(flags.indirectSelection);
  const named = await readProjectSelectors(transform, indirect);
  const selectors = Object.fromEntries(named.map(({ name, definition }) => [name, definition]));
  const manifest = currentManifest(workspace, { selectors });
  const previous = await previousState(workspace);
  const warnings: string[] = [];
  const select = [...words(flags.select), ...words(flags.models)];
  const exclude = words(flags.exclude);
  let spec: SelectionSpec | undefined;
  if (flags.selector !== undefined) {
    if (select.length + exclude.length > 0) {
      throw new ConfigError('--selector goes without --select and --exclude', { code: 'flag_invalid' });
    }
    spec = named.find(({ name }) => name === flags.selector)?.spec;
    if (!spec) {
      throw new ConfigError(`selectors.yml names no "${flags.selector}"`, {
        code: 'selector_missing',
        next:
          named.length === 0 ? 'Write it there.' : `There are: ${named.map(({ name }) => name).join(', ')}.`,
      });
    }
  } else if (select.length + exclude.length === 0) {
    spec = named.find(({ isDefault }) => isDefault)?.spec;
  }
  const found = selectResources({
    manifest,
    spec: spec ?? parseSelectionArguments(select, exclude, indirect),
    previous,
    root,
    warn: (message) => warnings.push(message),
  });
  const types = wantedTypes(workspace, resourceTypes);
  const typeOf = typesById(manifest);
  return {
    manifest,
    selectors,
    ids: found.filter((id) => types.has(typeOf.get(id) ?? '')),
    warnings,
    previous,
  };
}

function wantedTypes({ flags }: Workspace, allowed: readonly string[]): ReadonlySet<string> {
  const said = words(flags.resourceType).map(typeName);
  const isAll = said.length === 0 || said.includes('all') || said.includes('default');
  const without = new Set(words(flags.excludeResourceType).map(typeName));
  return new Set(
    (isAll ? allowed : said.filter((type) => allowed.includes(type))).filter((type) => !without.has(type)),
  );
}

function typeName(said: string): string {
  return said.toLowerCase().replaceAll('-', '_');
}

/** Resource type of every resource of a manifest. */
export function typesById(manifest: ManifestArtifact): ReadonlyMap<string, string> {
  const kinds = [
    manifest.nodes,
    manifest.sources,
    manifest.exposures,
    manifest.metrics,
    manifest.semantic_models,
    manifest.saved_queries,
    manifest.unit_tests,
  ];
  return new Map(
    kinds.flatMap((kind) =>
      Object.values(kind).map((node): [string, string] => [node.unique_id, node.resource_type]),
    ),
  );
}

export function indirectSelection(said: string | undefined): IndirectSelection {
  const found = indirectSelections.find((mode) => mode === (said ?? 'eager'));
  if (found) return found;
  throw new ConfigError(`--indirect-selection is ${indirectSelections.join(', ')}, not "${said}"`, {
    code: 'flag_invalid',
  });
}

async function previousState({ flags, targetFolder }: Workspace): Promise<PreviousState | undefined> {
  if (flags.state === undefined) return undefined;
  const folder = resolve(flags.state);
  const [manifest, results, sources, currentSources] = await Promise.all([
    readArtifact(folder, 'manifest.json'),
    readArtifact(folder, 'run_results.json'),
    readArtifact(folder, 'sources.json'),
    readArtifact(targetFolder, 'sources.json'),
  ]);
  return {
    manifest: manifest === undefined ? undefined : checkedManifest(manifest, folder),
    statuses: results && statusesOf(results),
    sources,
    currentSources,
  };
}

/** A manifest of an earlier run, dbt's own or Millrace's, with the parts that may be missing in older versions. */
export function checkedManifest(value: JsonObject, folder: string): ManifestArtifact {
  if (typeof value['nodes'] !== 'object') {
    throw new ConfigError(`manifest.json in ${folder} is no manifest of dbt`, { code: 'artifact_invalid' });
  }
  const empty = {
    exposures: {},
    metrics: {},
    semantic_models: {},
    saved_queries: {},
    unit_tests: {},
    sources: {},
    macros: {},
  };
  return { ...empty, ...value } as unknown as ManifestArtifact;
}

export function statusesOf(results: JsonObject): ReadonlyMap<string, string> {
  const list = Array.isArray(results['results']) ? (results['results'] as readonly JsonValue[]) : [];
  return new Map(
    list.flatMap((item): [string, string][] => {
      const { unique_id: id, status } = item as JsonObject;
      return typeof id === 'string' && typeof status === 'string' ? [[id, status]] : [];
    }),
  );
}
