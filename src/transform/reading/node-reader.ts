import type { ColumnDoc } from '../../core/node.ts';
import type { Origin } from '../../core/origin.ts';
import { customMaterialization, overridingMacro } from '../context/macro-set.ts';
import { nodeContext } from '../context/node-context.ts';
import { createRelation } from '../context/relation.ts';
import { readingMoment } from '../context/render-scope.ts';
import type { ConfigTreeName } from '../files/dbt-project-file.ts';
import type { NodeProperties } from '../files/properties.ts';
import type { ProjectFile } from '../files/project-files.ts';
import { renderSync, type Template } from '../jinja/index.ts';
import { type ConfigEntries, mergeLayers } from '../manifest/config-layer.ts';
import { fqnFor, idFor } from '../manifest/dataset.ts';
import { strategyMacroName } from '../manifest/incremental-strategy.ts';
import { readNodeConfig } from '../manifest/node-config.ts';
import { type Refusal, refusing } from '../manifest/refusal.ts';
import type { AnalysisNode, ModelNode, NodeDetails } from '../manifest/transform-node.ts';
import { readHookCalls } from './hook-calls.ts';
import { checkContract, checkHooks } from './node-checks.ts';
import { keySegment } from './key-segment.ts';
import { relationNameOf } from './name-rules.ts';
import { textTemplate } from './node-template.ts';
import type { PlacedProperties } from './property-reader.ts';
import { isPythonFile, pythonTemplate } from './python-model.ts';
import { readingPass } from './reading-pass.ts';
import { attempt, configLayers, type Draft, overridingLayers, type ReadingRoom } from './reading-room.ts';
import { emptyCalls, nodeDictionary, type RecordedCalls, recordingScope } from './recorded-calls.ts';

/** Reads one model: renders it without a database to learn its configuration and what it refers to. */
export function readModel(
  room: ReadingRoom,
  file: ProjectFile,
  placed: PlacedProperties | undefined,
): Draft<ModelNode> | undefined {
  const version = placed?.properties.version;
  const name = version ? (placed?.properties.name ?? file.name) : file.name;
  const source = { ...file, name, kind: 'model' as const, tree: 'models' as const };
  const isPython = isPythonFile(file);
  const calls = isPython ? { template: textTemplate(pythonTemplate(file.text), file.file) } : {};
  const draft = readTemplateNode(room, { ...source, ...calls }, placed);
  if (!draft) return undefined;
  const node = {
    ...draft.node,
    kind: 'model' as const,
    version: version?.v,
    latestVersion: version?.latest,
    ...(isPython ? { language: 'python' as const } : {}),
  };
  if (node.config.isEnabled) checkContract(node, placed, room.mistakes);
  return { node, calls: draft.calls, placed };
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
    metrics: [],
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
  const readConfig = readNodeConfig(
    entries,
    file.kind === 'snapshot' ? 'snapshot' : 'view',
    mistakes,
    (name) => file.kind === 'model' && customMaterialization(scope.macros, name) !== undefined,
    (strategy) => overridingMacro(scope.macros, strategyMacroName(strategy)) !== undefined,
  );
  const refusals: Refusal[] = [];
  if (readConfig.materialized === 'materialized_view' && scope.dialectName !== 'postgres') {
    refusing(mistakes, refusals).add(
      `"materialized_view" is not supported on ${scope.dialectName}: use a table or a view`,
      {
        code: 'not_supported',
        origin: entries.get('materialized')?.origin ?? { file: file.file },
      },
    );
  }
  const config = { ...readConfig, refusal: readConfig.refusal ?? refusals[0] };
  checkHooks(entries, config, file.file, mistakes);
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
  const ofHooks = emptyCalls();
  const hookScope = {
    ...recordingScope(scope, dictionary, entries, ofHooks),
    relation: createRelation(named),
  };
  readHookCalls(scope, hookScope, [...config.preHooks, ...config.postHooks], file.file);
  const { refs, sources } = rendered.calls;
  return {
    node,
    calls: {
      ...rendered.calls,
      refs: [...refs, ...ofHooks.refs],
      sources: [...sources, ...ofHooks.sources],
    },
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

export function columnDocs(properties: NodeProperties | undefined): readonly ColumnDoc[] {
  return (properties?.columns ?? []).map((column) => ({
    name: column.name,
    ...(column.dataType === undefined ? {} : { dataType: column.dataType }),
    ...(column.description === '' ? {} : { description: column.description }),
  }));
}

export function plainConfig(entries: ConfigEntries): Readonly<Record<string, unknown>> {
  return Object.fromEntries([...entries].map(([key, entry]) => [key, entry.value]));
}

/** dbt's dictionary with the configuration as it was read. */
export function dictionaryOf(
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
export function assetKey(
  { rootFile, projectFile, dataset }: ReadingRoom,
  schema: string | undefined,
  name: string,
): string {
  return [rootFile && projectFile.name, dataset?.value, schema, name]
    .flatMap((part) => (part === undefined ? [] : keySegment(part)))
    .join('/');
}

/** The place of the `name:` of a property entry. */
export function nameOrigin(placed: PlacedProperties): Origin {
  return placed.yaml.locate([...placed.properties.path, 'name']);
}
