import { plainText } from '../files/plain-value.ts';
import { createHash } from 'node:crypto';
import type { JsonObject, JsonValue } from '../../core/json.ts';
import { createRelation } from '../context/relation.ts';
import type {
  AnalysisNode,
  ModelNode,
  NodeDetails,
  SeedNode,
  SnapshotNode,
} from '../manifest/transform-node.ts';
import { deprecationDate } from '../reading/deprecation.ts';
import { dependenciesOf, type Manifest, scopeOf } from '../reading/manifest.ts';
import { withinFolder } from '../reading/recorded-calls.ts';
import type { ArtifactNode } from './artifact-node.ts';
import { fromJs, printed } from '../jinja/index.ts';
import { columnEntries, constraintEntries } from './column-entry.ts';
import { configEntry, unrenderedConfig } from './config-entry.ts';
import { objectOf, objectsOf } from './json-part.ts';
import { macroUses } from './macro-uses.ts';

/** What was compiled of a node. */
export interface Compiled {
  readonly sql: string;
  /** Where the SQL was written, relative to the dbt project. */
  readonly path: string;
  /** Ephemeral models that were put into the SQL: id and SQL. */
  readonly extraCtes: readonly { readonly id: string; readonly sql: string }[];
}

export type EntryNode = ModelNode | SnapshotNode | AnalysisNode | SeedNode;

/** A model, snapshot, seed or analysis in `nodes` of the manifest. */
export function nodeEntry(
  manifest: Manifest,
  node: EntryNode,
  given: {
    readonly createdAtSeconds: number;
    readonly root: string;
  },
): ArtifactNode {
  const config = configEntry(node.kind, node.entries);
  const text = node.kind === 'seed' ? '' : rawCode(node);
  const { properties } = node.details;
  const isKept = node.kind !== 'analysis' && config['materialized'] !== 'ephemeral';
  const shared = {
    ...placeEntry(manifest, node),
    database: node.relation.database,
    schema: node.relation.schema,
    name: node.name,
    resource_type: node.kind,
    alias: node.relation.identifier,
    checksum: { name: 'sha256', checksum: sha256(checksumText(node, text)) },
    config,
    tags: [...node.config.tags],
    description: node.description,
    columns: columnEntries(properties),
    meta: node.config.meta,
    group: config['group'] ?? null,
    docs: config['docs'] ?? { show: true, node_color: null },
    patch_path: patchPath(manifest, node),
    build_path: null,
    unrendered_config: unrenderedConfig(node.entries),
    created_at: given.createdAtSeconds,
    relation_name: isKept ? createRelation(node.relation).toString() : null,
    raw_code: text,
  };
  if (node.kind === 'seed') return { ...shared, root_path: given.root, depends_on: { macros: [] } };
  return {
    ...shared,
    language: node.kind === 'model' ? (node.language ?? 'sql') : 'sql',
    ...callEntries(node.details),
    depends_on: {
      macros: macroUses(node.sql, scopeOf(manifest, node).macros),
      nodes: dependenciesOf(node).map(({ uniqueId }) => uniqueId),
    },
    compiled_path: null,
    contract: contractEntry(config, properties),
    ...(node.kind === 'model' ? modelEntries(node, config, properties) : {}),
  };
}

/** Where a node is written, as its package sees it. */
export function placeEntry(
  manifest: Manifest,
  node: {
    readonly uniqueId: string;
    readonly packageName: string;
    readonly fqn: readonly string[];
    readonly origin: { readonly file: string };
  },
): Pick<ArtifactNode, 'package_name' | 'path' | 'original_file_path' | 'unique_id' | 'fqn'> {
  const original = originalPath(manifest, node.packageName, node.origin.file);
  const below = original.slice(original.indexOf('/') + 1);
  return {
    package_name: node.packageName,
    path: pathOf(node.uniqueId, below),
    original_file_path: original,
    unique_id: node.uniqueId,
    fqn: [...node.fqn],
  };
}

function pathOf(uniqueId: string, below: string): string {
  if (uniqueId.startsWith('analysis.')) return `analysis/${below}`;
  const isInYaml = uniqueId.startsWith('snapshot.') && /\.ya?ml$/.test(below);
  return isInYaml ? `${below}/${uniqueId.split('.')[2] ?? ''}.sql` : below;
}

export function originalPath(manifest: Manifest, packageName: string, file: string): string {
  return withinFolder(file, manifest.folders.get(packageName) ?? '');
}

export function patchPath(
  manifest: Manifest,
  node: { readonly packageName: string; readonly details: NodeDetails },
): string | null {
  const file = node.details.propertyFile;
  return file === undefined
    ? null
    : `${node.packageName}://${originalPath(manifest, node.packageName, file)}`;
}

export function callEntries({ refs, sources, metrics }: Pick<NodeDetails, 'refs' | 'sources' | 'metrics'>): {
  readonly refs: readonly JsonObject[];
  readonly sources: readonly (readonly string[])[];
  readonly metrics: readonly JsonValue[];
} {
  return {
    refs: refs.map(({ name, packageName, version }) => ({
      name,
      package: packageName ?? null,
      version: version ?? null,
    })),
    sources,
    metrics,
  };
}

/** What the manifest says of compiled SQL. */
export function compiledEntries(compiled: Compiled): JsonObject {
  return {
    compiled_path: compiled.path,
    compiled: true,
    compiled_code: compiled.sql,
    extra_ctes_injected: true,
    extra_ctes: compiled.extraCtes.map(({ id, sql }) => ({ id, sql })),
  };
}

function modelEntries(node: ModelNode, config: JsonObject, properties: JsonObject): JsonObject {
  return {
    access: config['access'] ?? 'protected',
    constraints: constraintEntries(properties['constraints'], true),
    version: node.version ?? null,
    latest_version: node.latestVersion ?? null,
    deprecation_date: deprecationDate(node) ?? null,
    primary_key: [],
    time_spine: properties['time_spine'] ?? null,
  };
}

function checksumText(node: EntryNode, text: string): string {
  if (node.kind === 'seed') return node.csv.trim();
  return node.kind === 'snapshot' ? node.sql.trim() : text;
}

/** The template without blanks around it, as dbt reads files; a snapshot's block keeps its blanks. */
function rawCode(node: Exclude<EntryNode, SeedNode>): string {
  if (node.kind !== 'snapshot') return node.sql.trim();
  const block = new RegExp(
    `\\{%-?\\s*snapshot\\s+${RegExp.escape(node.name)}\\s*-?%\\}([\\s\\S]*?)\\{%-?\\s*endsnapshot`,
  ).exec(node.sql);
  return block?.[1] ?? node.sql.trim();
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** Hash of the columns and constraints that an enforced contract promises. */
function contractEntry(config: JsonObject, properties: JsonObject): JsonObject {
  const contract = objectOf(config['contract']);
  const isEnforced = contract['enforced'] === true;
  return {
    enforced: isEnforced,
    alias_types: contract['alias_types'] !== false,
    checksum: isEnforced ? contractChecksum(config, properties) : null,
  };
}

/** As dbt computes it, so that a contract that did not change compares as equal to one that dbt wrote. */
function contractChecksum(config: JsonObject, properties: JsonObject): string {
  const materialized = plainText(config['materialized']);
  const state = objectsOf(Object.values(columnEntries(properties)))
    .toSorted((left, right) => (plainText(left['name']) < plainText(right['name']) ? -1 : 1))
    .map(
      (column) =>
        `|${plainText(column['name'])}${pythonText(column['data_type'])}${constraintsText(column['constraints'])}`,
    );
  const isEnforcing = materialized === 'table' || materialized === 'incremental';
  const ofModel = constraintsText(constraintEntries(properties['constraints'], true), true);
  return sha256(state.join('') + (isEnforcing ? materialized + ofModel : ''));
}

function constraintsText(constraints: JsonValue | undefined, isOfModel = false): string {
  const texts = objectsOf(constraints).map((constraint) => {
    const type = plainText(constraint['type']);
    const keys = ['name', 'expression', 'warn_unenforced', 'warn_unsupported', 'to', 'to_columns'];
    const values = [...keys, ...(isOfModel ? ['columns'] : [])].map(
      (key) => `${key}=${printed(fromJs([constraint[key] ?? (key === 'columns' ? [] : null)])).slice(1, -1)}`,
    );
    const name = isOfModel ? 'ModelLevelConstraint' : 'ColumnLevelConstraint';
    return `${name}(type=<ConstraintType.${type}: '${type}'>, ${values.join(', ')})`;
  });
  return `[${texts.join(', ')}]`;
}

function pythonText(value: JsonValue | undefined): string {
  return value === null || value === undefined ? 'None' : plainText(value);
}
