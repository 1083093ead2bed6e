import { isJsonRecord, toJsonValue } from '../files/plain-value.ts';
import type { Origin } from '../../core/origin.ts';
import { createRelation, type Relation } from '../context/relation.ts';
import type { NodeScope, ProjectScope, RefCall } from '../context/render-scope.ts';
import { fromJs, printed, toJs, type Value } from '../jinja/index.ts';
import type { ConfigEntries, ConfigLayer } from '../manifest/config-layer.ts';
import type { NodeDetails } from '../manifest/transform-node.ts';

export interface SourceCall {
  readonly sourceName: string;
  readonly tableName: string;
  readonly origin: Origin;
}

/** What a template asked for while it was rendered without a database. */
export interface RecordedCalls {
  readonly refs: RefCall[];
  readonly sources: SourceCall[];
  readonly configs: ConfigLayer[];
  /** Arguments of `metric()`: a name, or a package and a name. */
  readonly metrics: (readonly string[])[];
}

export function emptyCalls(): RecordedCalls {
  return { refs: [], sources: [], configs: [], metrics: [] };
}

/** The calls as artifacts list them. */
export function callArguments(calls: RecordedCalls): Pick<NodeDetails, 'refs' | 'sources' | 'metrics'> {
  return {
    refs: calls.refs.map(({ name, packageName, version }) => ({ name, packageName, version })),
    sources: calls.sources.map(({ sourceName, tableName }) => [sourceName, tableName]),
    metrics: calls.metrics,
  };
}

/** A scope that writes down what the template asks for. Relations are stand-ins: their schema is not known yet. */
export function recordingScope(
  project: ProjectScope,
  model: Readonly<Record<string, Value>>,
  known: ConfigEntries,
  calls: RecordedCalls,
): NodeScope {
  const standIn = (schema: string, identifier: string): Relation =>
    createRelation({ database: project.databaseName, schema, identifier });
  return {
    model,
    relation: standIn(project.targetSchema, printed(model['alias'] ?? model['name'] ?? null)),
    ref: (call) => {
      calls.refs.push(call);
      return standIn(project.targetSchema, call.name);
    },
    refAll: (call) => {
      calls.refs.push({ ...call, datasets: 'all' });
      return [];
    },
    source: (sourceName, tableName, origin) => {
      calls.sources.push({ sourceName, tableName, origin });
      return standIn(sourceName, tableName);
    },
    metric: (names) => {
      calls.metrics.push(names);
      return names.at(-1) ?? null;
    },
    configure: (values, origin) => {
      const plain = Object.fromEntries([...values].map(([key, value]) => [key, toJs(value)]));
      calls.configs.push({ values: plain, originOf: () => origin });
    },
    configured: (key) => {
      const value = known.get(key)?.value;
      return value === undefined || value === null ? undefined : fromJs(value);
    },
    configuredKeys: () => known.keys(),
  };
}

/** dbt's dictionary of a node: what `model` is in its template and `node` in naming macros. */
export function nodeDictionary(given: {
  readonly projectName: string;
  readonly resourceType: string;
  readonly uniqueId: string;
  readonly name: string;
  readonly fqn: readonly string[];
  /** Relative to the Millrace project, as `folder` is. */
  readonly file: string;
  /** Folder of the package. */
  readonly folder: string;
  readonly description: string;
  readonly config: Readonly<Record<string, unknown>>;
  readonly tags: readonly string[];
  readonly version?: string | number;
}): Readonly<Record<string, Value>> {
  const meta = given.config['meta'];
  const original = withinFolder(given.file, given.folder);
  return {
    name: given.name,
    alias: given.name,
    resource_type: given.resourceType,
    unique_id: given.uniqueId,
    package_name: given.projectName,
    fqn: [...given.fqn],
    path: original.slice(original.indexOf('/') + 1),
    original_file_path: original,
    description: given.description,
    tags: [...given.tags],
    meta: fromJs(isJsonRecord(meta) ? toJsonValue(meta) : {}),
    config: fromJs(toJsonValue(given.config)),
    ...(given.version === undefined ? {} : { version: given.version }),
  };
}

/** A file as its package names it: `models/orders.sql`. */
export function withinFolder(file: string, folder: string): string {
  return folder !== '' && file.startsWith(`${folder}/`) ? file.slice(folder.length + 1) : file;
}
