import { ConfigError } from '../../core/errors.ts';
import { nodeContext, yamlContext } from '../context/node-context.ts';
import { type ProjectScope, readingMoment, type RefCall } from '../context/render-scope.ts';
import { toJsonValue } from '../files/plain-value.ts';
import type { ProjectFile } from '../files/project-files.ts';
import { readTestEntries, type TestEntry } from '../files/test-entry.ts';
import type { YamlFile, YamlPath } from '../files/yaml-file.ts';
import { quoteIdentifier } from '../../sql/quoting.ts';
import { callMacroSync, parseTemplate, renderNativeSync, toJs } from '../jinja/index.ts';
import { fqnFor, idFor } from '../manifest/dataset.ts';
import { type ConfigEntries, type ConfigLayer, mergeLayers, treeLayers } from '../manifest/config-layer.ts';
import { genericTestName, shortTestName } from '../manifest/generic-test-name.ts';
import type { RefNode, SourceNode, TestNode } from '../manifest/transform-node.ts';
import { genericTestArguments, genericTestMacro } from './generic-test-call.ts';
import { attempt, configLayers, type Draft, overridingLayers, type ReadingRoom } from './reading-room.ts';
import { detailsOf, plainConfig, renderForCalls } from './node-reader.ts';
import type { PlacedProperties } from './property-reader.ts';
import { checkKey } from './key-segment.ts';
import { readingPass } from './reading-pass.ts';
import { emptyCalls, nodeDictionary, recordingScope, type SourceCall } from './recorded-calls.ts';
import { isTemplate } from './rendered-yaml.ts';
import { auditSchema, failuresRelation, readTestConfig } from './test-failures.ts';
import { genericTestHash } from './test-identity.ts';

/** The generic tests written under one model, seed or source table and under its columns, disabled ones included. */
export function readGenericTests(
  room: ReadingRoom,
  subject: RefNode | SourceNode,
  placed: PlacedProperties,
): readonly Draft<TestNode>[] {
  const { properties, yaml } = placed;
  const own = readTestEntries(
    yaml,
    properties.tests,
    [...properties.path, properties.testsKey],
    undefined,
    room.mistakes,
  ).map((entry) => ({ entry, tags: sourceTags(subject) }));
  const ofColumns = properties.columns.flatMap((column) =>
    readTestEntries(
      yaml,
      column.tests,
      [...column.path, column.testsKey],
      column.isQuoted ? quoteIdentifier(column.name) : column.name,
      room.mistakes,
    ).map((entry) => ({ entry, tags: [...sourceTags(subject), ...column.tags] })),
  );
  return [...own, ...ofColumns].flatMap(({ entry, tags }) => {
    const draft = attempt(room.mistakes, () => readGenericTest(room, subject, placed, entry, tags));
    return draft ? [draft] : [];
  });
}

/** dbt gives the tags of a source to its tests. */
function sourceTags(subject: RefNode | SourceNode): readonly string[] {
  return subject.kind === 'source' ? subject.config.tags : [];
}

function readGenericTest(
  room: ReadingRoom,
  subject: RefNode | SourceNode,
  placed: PlacedProperties,
  entry: TestEntry,
  outerTags: readonly string[],
): Draft<TestNode> | undefined {
  const { scope, projectFile } = room;
  const { yaml, folders } = placed;
  const origin = yaml.locate(entry.path);
  const identifier = `${testWord(entry.test, subject)}_${wordOf(subject)}`;
  const name = entry.name ?? genericTestName(testWord(entry.test, subject), wordOf(subject), entry.arguments);
  const fqn = [projectFile.name, ...folders, name];
  const calls = emptyCalls();
  const configured = (): ConfigEntries =>
    mergeLayers([
      ...treeLayers(projectFile.yaml, projectFile.trees.tests, fqn),
      ...calls.configs,
      testConfigLayer(scope, yaml, entry),
      ...overridingLayers(room, 'tests', fqn),
    ]);
  const known = configured();
  const isOff = known.get('enabled')?.value === false;
  const hash = genericTestHash(name, entry.test, entry.arguments, subject);
  const uniqueId = idFor(room.dataset, `test.${projectFile.name}.${name}.${hash}`);
  const dictionary = nodeDictionary({
    projectName: projectFile.name,
    resourceType: 'test',
    uniqueId,
    name,
    fqn: fqnFor(room.dataset, fqn),
    file: yaml.file,
    folder: room.folder,
    description: entry.description,
    config: plainConfig(known),
    tags: [],
  });
  if (!isOff) {
    const macro = withOrigin(origin, () => genericTestMacro(scope.macros, entry.test));
    const context = nodeContext(scope, recordingScope(scope, dictionary, known, calls), readingMoment);
    readingPass({ room, calls, context }, (options) => {
      const keyword = genericTestArguments(entry.arguments, subject.relation.identifier, context, yaml.file);
      return callMacroSync(macro, context, { keyword }, options);
    });
  }
  const entries = calls.configs.length === 0 ? known : configured();
  const config = readTestConfig(room, entries);
  const failures = failuresRelation(
    room,
    config,
    { ...dictionary, name: shortTestName(name, identifier) },
    known,
  );
  return {
    calls: {
      ...calls,
      refs: [...calls.refs.map((call) => ({ ...call, origin })), ...refTo(subject, origin)],
      sources: [...calls.sources.map((call) => ({ ...call, origin })), ...sourceTo(subject, origin)],
    },
    node: {
      kind: 'test',
      packageName: projectFile.name,
      dataset: room.dataset,
      uniqueId,
      key: checkKey(room, name),
      name,
      origin,
      description: entry.description,
      fqn: fqnFor(room.dataset, fqn),
      config,
      entries,
      details: {
        ...detailsOf(undefined),
        properties: { config: toJsonValue(entry.config) },
        propertyFile: yaml.file,
      },
      dependencies: [{ uniqueId: subject.uniqueId, origin }],
      outerTags,
      auditSchema: auditSchema(room, config, dictionary, known),
      failures,
      body: {
        sort: 'generic',
        test: entry.test,
        arguments: entry.arguments,
        model: subject.uniqueId,
        identifier,
      },
      subject: subject.uniqueId,
    },
  };
}

/** Reads `tests/*.sql`: a query whose rows are failures. */
export function readSingularTest(
  room: ReadingRoom,
  file: ProjectFile,
  placed: PlacedProperties | undefined,
): Draft<TestNode> | undefined {
  const fqn = [room.projectFile.name, ...file.folders, file.name];
  const uniqueId = idFor(room.dataset, `test.${room.projectFile.name}.${file.name}`);
  const outer = configLayers(room, 'tests', fqn, placed);
  const rendered = renderForCalls(room, file, mergeLayers(outer), (config) =>
    nodeDictionary({
      projectName: room.projectFile.name,
      resourceType: 'test',
      uniqueId,
      name: file.name,
      fqn: fqnFor(room.dataset, fqn),
      file: file.file,
      folder: room.folder,
      description: placed?.properties.description ?? '',
      config,
      tags: [],
    }),
  );
  if (!rendered) return undefined;
  const entries = mergeLayers([...outer, ...rendered.calls.configs, ...overridingLayers(room, 'tests', fqn)]);
  const config = readTestConfig(room, entries);
  const failures = failuresRelation(room, config, rendered.dictionary, entries);
  return {
    calls: rendered.calls,
    node: {
      kind: 'test',
      packageName: room.projectFile.name,
      dataset: room.dataset,
      uniqueId,
      key: checkKey(room, file.name),
      name: file.name,
      origin: { file: file.file },
      description: placed?.properties.description ?? '',
      fqn: fqnFor(room.dataset, fqn),
      config,
      entries,
      details: detailsOf(placed),
      dependencies: [],
      outerTags: [],
      auditSchema: auditSchema(room, config, rendered.dictionary, entries),
      failures,
      body: { sort: 'singular', sql: file.text },
      subject: undefined,
    },
  };
}

function testConfigLayer(scope: ProjectScope, yaml: YamlFile, entry: TestEntry): ConfigLayer {
  const values = Object.entries(entry.config).map(([key, value]): [string, unknown] => [
    key,
    typeof value === 'string' && isTemplate(value)
      ? toJs(renderNativeSync(parseTemplate(value, yaml.file), yamlContext(scope)))
      : value,
  ]);
  return {
    values: Object.fromEntries(values),
    originOf: (key) => deepest(yaml, entry.path, key, entry.test),
  };
}

/** A test's configuration stands beneath its name, in `config`, or beside. */
function deepest(yaml: YamlFile, path: YamlPath, key: string, test: string): TestNode['origin'] {
  const places = [
    [...path, test, 'config', key],
    [...path, test, key],
    [...path, 'config', key],
    [...path, key],
  ];
  const origins = places.map((place) => yaml.locate(place));
  return origins.reduce((best, origin) => ((origin.line ?? 0) > (best.line ?? 0) ? origin : best));
}

function withOrigin<T>(origin: TestNode['origin'], work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof ConfigError) || error.origin) throw error;
    throw new ConfigError(error.message, {
      code: error.code,
      origin,
      ...(error.next === undefined ? {} : { next: error.next }),
    });
  }
}

/** The call that gives the test its subject. */
function refTo(subject: RefNode | SourceNode, origin: TestNode['origin']): readonly RefCall[] {
  if (subject.kind === 'source') return [];
  const version = subject.kind === 'model' ? subject.version : undefined;
  return [{ name: subject.name, packageName: undefined, version, origin }];
}

function sourceTo(subject: RefNode | SourceNode, origin: TestNode['origin']): readonly SourceCall[] {
  if (subject.kind !== 'source') return [];
  return [{ sourceName: subject.sourceName, tableName: subject.name, origin }];
}

/** The test's part of its name: `not_null`, `dbt_utils_at_least_one`, `source_not_null`. */
function testWord(test: string, subject: RefNode | SourceNode): string {
  const [bare = '', namespace] = test.split('.').toReversed();
  const word = subject.kind === 'source' ? `source_${bare}` : bare;
  return namespace === undefined ? word : `${namespace}_${word}`;
}

function wordOf(subject: RefNode | SourceNode): string {
  if (subject.kind === 'source') return `${subject.sourceName}_${subject.name}`;
  const version = subject.kind === 'model' ? subject.version : undefined;
  return version === undefined ? subject.name : `${subject.name}_v${version}`;
}
