import { datasetTagOf, plainText } from '../../../transform/index.ts';
import { ConfigError } from '../../../core/errors.ts';
import type { JsonObject, JsonValue } from '../../../core/json.ts';
import type { ArtifactNode, ManifestArtifact } from '../../../transform/index.ts';
import { exitCodes } from '../../terminal/exit-code.ts';
import { printLine } from '../../terminal/output.ts';
import { type DbtFlags, words } from './dbt-options.ts';
import { selectNodes } from './selected.ts';
import { openWorkspace, writeManifest } from './workspace.ts';

export interface ListFlags extends DbtFlags {
  readonly output?: string;
  readonly outputKeys?: readonly string[];
}

const listedTypes = [
  'model',
  'snapshot',
  'seed',
  'test',
  'source',
  'exposure',
  'metric',
  'saved_query',
  'semantic_model',
  'unit_test',
];

const jsonKeys = [
  'alias',
  'name',
  'package_name',
  'depends_on',
  'tags',
  'config',
  'resource_type',
  'source_name',
  'original_file_path',
  'unique_id',
];

/** `millrace ls`: the selected resources, one line each. */
export async function listCommand(
  place: { readonly project: string | undefined },
  flags: ListFlags,
): Promise<number> {
  const workspace = await openWorkspace(place, flags);
  const isAskedForAnalyses = words(flags.resourceType).some((type) => type === 'analysis' || type === 'all');
  const types = isAskedForAnalyses ? [...listedTypes, 'analysis'] : listedTypes;
  const { manifest, ids, warnings } = await selectNodes(workspace, types);
  for (const warning of warnings) process.stderr.write(`warning: ${warning}\n`);
  const print = printer(flags);
  for (const id of ids.toSorted()) printLine(print(resource(manifest, id)));
  await writeManifest(workspace, manifest);
  return exitCodes.success;
}

function resource(manifest: ManifestArtifact, id: string): ArtifactNode {
  const found =
    manifest.nodes[id] ??
    manifest.sources[id] ??
    manifest.exposures[id] ??
    manifest.unit_tests[id] ??
    manifest.metrics[id] ??
    manifest.semantic_models[id] ??
    manifest.saved_queries[id];
  if (found) return found;
  throw new TypeError(`${id} was selected and is not in the manifest`);
}

function printer(flags: ListFlags): (node: ArtifactNode) => string {
  const output = flags.json === true ? 'json' : (flags.output ?? 'selector');
  switch (output) {
    case 'selector':
      return selectorText;
    case 'name':
      return (node) => searchName(node);
    case 'path':
      return (node) => node.original_file_path;
    case 'json': {
      const keys = words(flags.outputKeys);
      return (node) => JSON.stringify(picked(node, keys.length > 0 ? keys : jsonKeys));
    }
    default:
      throw new ConfigError(`--output is selector, name, path or json, not "${output}"`, {
        code: 'flag_invalid',
      });
  }
}

function selectorText(node: ArtifactNode): string {
  const named = `${node.package_name}.${searchName(node)}`;
  switch (node.resource_type) {
    case 'source':
    case 'exposure':
    case 'metric':
    case 'saved_query':
    case 'semantic_model':
    case 'unit_test':
      return [`${node.resource_type}:${named}`, datasetText(node)].filter(Boolean).join(',');
    default:
      return node.fqn.join('.');
  }
}

/** Tells apart what is named alike in several datasets, in the grammar of selections. */
function datasetText(node: ArtifactNode): string {
  const tag = datasetTagOf(node);
  return tag === undefined ? '' : `tag:${tag}`;
}

function searchName(node: ArtifactNode): string {
  if (node.resource_type === 'source') return `${plainText(node['source_name'])}.${node.name}`;
  const version = node['version'];
  const isVersioned = node.resource_type === 'model' && version !== null && version !== undefined;
  return isVersioned ? `${node.name}.v${plainText(version)}` : node.name;
}

/** The keys in the order in which they were asked for; `config.materialized` takes a part. */
function picked(node: ArtifactNode, keys: readonly string[]): JsonObject {
  return Object.fromEntries(
    keys.flatMap((key): [string, JsonValue][] => {
      let value: JsonValue | undefined = node as JsonValue;
      for (const part of key.split('.')) {
        value =
          typeof value === 'object' && value !== null && !Array.isArray(value)
            ? (value as JsonObject)[part]
            : undefined;
      }
      return value === undefined ? [] : [[key, value]];
    }),
  );
}
