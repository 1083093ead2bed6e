import type { ColumnDoc } from '../../core/node.ts';
import type { Origin } from '../../core/origin.ts';
import { customMaterialization, overridingMacro } from '../context/macro-set.ts';
import { nodeContext } from '../context/node-context.ts';
import { type ProjectScope, readingMoment } from '../context/render-scope.ts';
import type { ConfigTreeName, DbtProjectFile } from '../files/dbt-project-file.ts';
import type { Mistakes } from '../files/mistakes.ts';
import type { NodeProperties } from '../files/property-file.ts';
import type { ProjectFile } from '../files/project-files.ts';
import { renderSync, type Template } from '../jinja/index.ts';
import {
  type ConfigEntries,
  type ConfigLayer,
  mergeLayers,
  treeLayers,
  yamlLayer,
} from '../manifest/config-layer.ts';
import { type Dataset, datasetTag, fqnFor, type Home, idFor } from '../manifest/dataset.ts';
import { strategyMacroName } from '../manifest/incremental-strategy.ts';
import { readNodeConfig } from '../manifest/node-config.ts';
import type { AnalysisNode, ModelNode, NodeDetails, SeedNode } from '../manifest/transform-node.ts';
import { keySegment } from './key-segment.ts';
import { relationNameOf } from './name-rules.ts';
import { textTemplate } from './node-template.ts';
import type { PlacedProperties } from './property-reader.ts';
import { readingPass } from './reading-pass.ts';
import { emptyCalls, nodeDictionary, type RecordedCalls, recordingScope } from './recorded-calls.ts';

/** What readers of nodes share. */
export interface ReadingRoom {
  /** Of the project, or of the package that is read. */
  readonly projectFile: DbtProjectFile;
  /** Folder of the project or package, relative to the Millrace project; empty when they are one. */
  readonly folder: string;
  /** For a package: the file of the project that uses it, whose trees win. */
  readonly rootFile: DbtProjectFile | undefined;
  /** What is read is built for this dataset, and for others like it. */
  readonly dataset: Dataset | undefined;
  readonly scope: ProjectScope;
  readonly mistakes: Mistakes;
}

/** A node whose calls are not yet resolved to nodes. */
export interface Draft<Node> {
  readonly node: Node;
  readonly calls: RecordedCalls;
  /** The property entry that describes the node. */
  readonly placed?: PlacedProperties | undefined;
}

/** Reads one model: renders it without a database to learn its configuration and what it refers to. */
export function readModel(
  room: ReadingRoom,
  file: ProjectFile,
  placed: PlacedProperties | undefined,
): Draft<ModelNode> | undefined {
  const version = placed?.properties.version;
  const name = version ? (placed?.properties.name ?? file.name) : file.name;
  const draft = readTemplateNode(room, { ...file, name, kind: 'model', tree: 'models' }, placed);
  return (
    draft && {
      node: { ...draft.node, kind: 'model', version: version?.v, latestVersion: version?.latest },
      calls: draft.calls,
      placed,
    }
  );
}

/** Reads one file of `analyses/`. */
export function readAnalysis(
  room: ReadingRoom,
  file: ProjectFile,
  placed: PlacedProperties | undefined,
): Draft<AnalysisNode> | undefined {
  const folders = ['analysis', ...file.folders];
  const draft = readTemplateNode(room, { ...file, folders, kind: 'analysis', tree: 'models' }, placed);
  return draft && { node: { ...draft.node, kind: 'analysis' }, calls: draft.calls };
}

/** What is known of a node beside its configuration, before its calls are resolved. */
export function detailsOf(placed: PlacedProperties | undefined): NodeDetails {
  return {
    properties: placed?.properties.raw ?? {},
    propertyFile: placed?.yaml.file,
    refs: [],
    sources: [],
  };
}

/** A template that becomes a relation, and where it was found. */
export interface TemplateSource extends ProjectFile {
  readonly kind: 'model' | 'snapshot' | 'analysis';
  readonly tree: ConfigTreeName;
  /** The template, where it is not the whole text of the file. */
  readonly template?: Template;
}

/** Reads what models and snapshots have in common. */
export function readTemplateNode(
  room: ReadingRoom,
  file: TemplateSource,
  placed: PlacedProperties | undefined,
): Draft<Omit<ModelNode, 'kind' | 'version' | 'latestVersion'>> | undefined {
  const { scope, mistakes } = room;
  const v = placed?.properties.version?.v;
  const fqn = [room.projectFile.name, ...file.folders, file.name, ...(v === undefined ? [] : [`v${v}`])];
  const id = `${file.kind}.${room.projectFile.name}.${file.name}${v === undefined ? '' : `.v${v}`}`;
  const uniqueId = idFor(room.dataset, id);
  const outer = configLayers(room, file.tree, fqn, placed);
  const rendered = renderForCalls(room, file, mergeLayers(outer), (config) =>
    nodeDictionary({
      projectName: room.projectFile.name,
      resourceType: file.kind,
      uniqueId,
      name: file.name,
      fqn: fqnFor(room.dataset, fqn, v === undefined ? 1 : 2),
      file: file.file,
      folder: room.folder,
      description: placed?.properties.description ?? '',
      config,
      tags: [],
      ...(v === undefined ? {} : { version: v }),
    }),
  );
  if (!rendered) return undefined;
  const entries = mergeLayers([
    ...outer,
    ...rendered.calls.configs,
    ...overridingLayers(room, file.tree, fqn),
  ]);
  const config = readNodeConfig(
    entries,
    file.kind === 'snapshot' ? 'snapshot' : 'view',
    scope.databaseName,
    mistakes,
    (name) => file.kind === 'model' && customMaterialization(scope.macros, name) !== undefined,
    (strategy) => overridingMacro(scope.macros, strategyMacroName(strategy)) !== undefined,
  );
  if (config.materialized === 'materialized_view' && scope.dialectName !== 'postgres') {
    mistakes.add(`"materialized_view" is not supported on ${scope.dialectName}: use a table or a view`, {
      code: 'not_supported',
      origin: entries.get('materialized')?.origin ?? { file: file.file },
    });
  }
  const dictionary = dictionaryOf(rendered.dictionary, config);
  const named = attempt(mistakes, () =>
    relationNameOf(scope, recordingScope(scope, dictionary, entries, emptyCalls()), config, dictionary),
  );
  if (!named) return undefined;
  const node = {
    uniqueId,
    packageName: room.projectFile.name,
    dataset: room.dataset,
    key: assetKey(room, config.schema, v === undefined ? file.name : `${file.name}.v${v}`),
    name: file.name,
    origin: { file: file.file },
    description: placed?.properties.description ?? '',
    fqn: fqnFor(room.dataset, fqn, v === undefined ? 1 : 2),
    config,
    entries,
    details: detailsOf(placed),
    relation: named,
    columns: columnDocs(placed?.properties),
    sql: file.text,
    dependencies: [],
  };
  return { node, calls: rendered.calls };
}

/** Reads one seed; its rows are parsed when it runs. */
export function readSeed(
  room: ReadingRoom,
  file: ProjectFile,
  placed: PlacedProperties | undefined,
): SeedNode | undefined {
  const { scope, mistakes } = room;
  const fqn = [room.projectFile.name, ...file.folders, file.name];
  const uniqueId = idFor(room.dataset, `seed.${room.projectFile.name}.${file.name}`);
  const entries = mergeLayers([
    ...configLayers(room, 'seeds', fqn, placed),
    ...overridingLayers(room, 'seeds', fqn),
  ]);
  const config = readNodeConfig(entries, 'seed', scope.databaseName, mistakes);
  const dictionary = dictionaryOf(
    nodeDictionary({
      projectName: room.projectFile.name,
      resourceType: 'seed',
      uniqueId,
      name: file.name,
      fqn: fqnFor(room.dataset, fqn),
      file: file.file,
      folder: room.folder,
      description: placed?.properties.description ?? '',
      config: config.all,
      tags: config.tags,
    }),
    config,
  );
  const relation = attempt(mistakes, () =>
    relationNameOf(scope, recordingScope(scope, dictionary, entries, emptyCalls()), config, dictionary),
  );
  if (!relation) return undefined;
  return {
    kind: 'seed',
    uniqueId,
    packageName: room.projectFile.name,
    dataset: room.dataset,
    key: assetKey(room, config.schema, file.name),
    name: file.name,
    origin: { file: file.file },
    description: placed?.properties.description ?? '',
    fqn: fqnFor(room.dataset, fqn),
    config,
    entries,
    details: detailsOf(placed),
    relation,
    columns: columnDocs(placed?.properties),
    csv: file.text,
  };
}

interface RenderedForCalls {
  readonly calls: RecordedCalls;
  readonly dictionary: ReturnType<typeof nodeDictionary>;
}

/** Parses and renders a template with `execute` false; undefined after a mistake. */
export function renderForCalls(
  room: ReadingRoom,
  file: { readonly file: string; readonly text: string; readonly template?: Template },
  known: ConfigEntries,
  dictionary: (config: Readonly<Record<string, unknown>>) => ReturnType<typeof nodeDictionary>,
): RenderedForCalls | undefined {
  return attempt(room.mistakes, () => {
    const template = file.template ?? textTemplate(file.text, file.file);
    const calls = emptyCalls();
    const model = dictionary(plainConfig(known));
    const scope = recordingScope(room.scope, model, known, calls);
    const context = nodeContext(room.scope, scope, readingMoment);
    readingPass({ room, calls, context }, (options) => renderSync(template, context, options));
    return { calls, dictionary: model };
  });
}

/** The layers outside of the node's own file, widest first. */
export function configLayers(
  room: ReadingRoom,
  tree: ConfigTreeName,
  fqn: readonly string[],
  placed: PlacedProperties | undefined,
): readonly ConfigLayer[] {
  const { projectFile } = room;
  return [
    ...treeLayers(projectFile.yaml, projectFile.trees[tree], fqn),
    ...(placed ? [yamlLayer(placed.yaml, placed.properties.config, placed.properties.path)] : []),
  ];
}

/**
 * What is nearer than a node's own files: for a package, what the project that uses it configures; for a dataset, what tells it.
 */
export function overridingLayers(
  { rootFile, dataset }: ReadingRoom,
  tree: ConfigTreeName,
  fqn: readonly string[],
): readonly ConfigLayer[] {
  return [
    ...(rootFile ? treeLayers(rootFile.yaml, rootFile.trees[tree], fqn) : []),
    ...(dataset ? [datasetLayer(dataset)] : []),
  ];
}

function datasetLayer(dataset: Dataset): ConfigLayer {
  return {
    values: { tags: [datasetTag(dataset)], meta: { dataset: dataset.vars } },
    originOf: () => ({ file: 'datasets.yml' }),
  };
}

export function columnDocs(properties: NodeProperties | undefined): readonly ColumnDoc[] {
  return (properties?.columns ?? []).map((column) => ({
    name: column.name,
    ...(column.dataType === undefined ? {} : { dataType: column.dataType }),
    ...(column.description === '' ? {} : { description: column.description }),
  }));
}

/** Runs `work`; a mistake in the user's files is collected and gives undefined. */
export function attempt<T>(mistakes: Mistakes, work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    mistakes.caught(error);
    return undefined;
  }
}

export function plainConfig(entries: ConfigEntries): Readonly<Record<string, unknown>> {
  return Object.fromEntries([...entries].map(([key, entry]) => [key, entry.value]));
}

function dictionaryOf(
  dictionary: ReturnType<typeof nodeDictionary>,
  config: ModelNode['config'],
): ReturnType<typeof nodeDictionary> {
  return {
    ...dictionary,
    tags: [...config.tags],
    meta: { ...config.meta },
    config: { ...config.all, materialized: config.materialized, enabled: config.isEnabled },
  };
}

/** A node of a dataset has its name before it, one of a package the package's. */
function assetKey(
  { rootFile, projectFile, dataset }: ReadingRoom,
  schema: string | undefined,
  name: string,
): string {
  return [rootFile && projectFile.name, dataset?.value, schema, name]
    .flatMap((part) => (part === undefined ? [] : keySegment(part)))
    .join('/');
}

/** What names mean in what the room reads. */
export function homeOf({ projectFile, dataset }: ReadingRoom): Home {
  return { packageName: projectFile.name, dataset };
}

/** The place of the `name:` of a property entry. */
export function nameOrigin(placed: PlacedProperties): Origin {
  return placed.yaml.locate([...placed.properties.path, 'name']);
}
