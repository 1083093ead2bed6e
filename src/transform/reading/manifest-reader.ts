import { join } from 'node:path';
import { ProjectError } from '../../core/errors.ts';
import type { JsonObject } from '../../core/json.ts';
import { yamlContext } from '../context/node-context.ts';
import type { MacroSet } from '../context/macro-set.ts';
import type { ProjectScope } from '../context/render-scope.ts';
import { projectVariables } from '../context/variables.ts';
import { type DbtProjectFile, shapeDbtProject } from '../files/dbt-project-file.ts';
import { createMistakes, type Mistakes } from '../files/mistakes.ts';
import { type ProjectFile, projectPath, readProjectFiles, readText } from '../files/project-files.ts';
import { didYouMean } from '../files/suggestion.ts';
import { parseYamlFile } from '../files/yaml-file.ts';
import type { ModelNode, RefNode, SeedNode, TestNode, TransformNode } from '../manifest/transform-node.ts';
import { readDocs } from './docs-reader.ts';
import { readExposures } from './exposure-reader.ts';
import { readMacros } from './macro-reader.ts';
import { ancestorsOf, type Manifest } from './manifest.ts';
import { type Draft, nameOrigin, readModel, readSeed, type ReadingRoom } from './node-reader.ts';
import { type PlacedProperties, type Properties, readProperties } from './property-reader.ts';
import { isLateInProject, renderYamlValues } from './rendered-yaml.ts';
import { type Names, resolveCalls } from './resolution.ts';
import { readSources } from './source-reader.ts';
import { readGenericTests, readSingularTest } from './test-reader.ts';
import { reportUnsupportedFiles } from './unsupported-files.ts';

/** Where a dbt project lies and what it is built into. */
export interface TransformOptions {
  /** Absolute; origins are relative to it. */
  readonly projectFolder: string;
  /** Absolute folder that holds `dbt_project.yml`. */
  readonly folder: string;
  /** Name of the warehouse connection. */
  readonly connection: string;
  readonly dialectName: 'duckdb' | 'postgres';
  /**
   * The warehouse's own name of its database (what `select current_database()` says), first part of every
   * name in compiled SQL. Empty: names have two parts.
   */
  readonly database: string;
  /** dbt's target schema. */
  readonly schema: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Values that win over `vars:`. */
  readonly vars?: JsonObject;
  /** dbt's `target.name`; `dev` when absent. */
  readonly targetName?: string;
}

interface ProjectContent {
  readonly models: readonly ProjectFile[];
  readonly seeds: readonly ProjectFile[];
  readonly macros: readonly ProjectFile[];
  readonly tests: readonly ProjectFile[];
  readonly properties: readonly ProjectFile[];
  readonly docs: readonly ProjectFile[];
}

/** Reads a whole dbt project. Throws one ProjectError with everything that is wrong. */
export async function readManifest(options: TransformOptions): Promise<Manifest> {
  const mistakes = createMistakes();
  const bare = projectScope(options, 'project', options.vars ?? {}, { own: new Map(), builtin: new Map() });
  const projectFile = await readProjectFile(options, bare, mistakes);
  if (!projectFile) throw new ProjectError(mistakes.issues);
  await reportUnsupportedFiles(options.projectFolder, options.folder, projectFile, mistakes);
  const content = await readContent(options, projectFile);
  const variables = projectVariables(projectFile.name, projectFile.vars, options.vars ?? {});
  const macros = readMacros(
    [...content.macros, ...content.tests.filter((file) => isGenericTest(file))],
    options.dialectName,
    options.schema,
    mistakes,
  );
  const scope = projectScope(options, projectFile.name, variables, macros);
  const docs = readDocs(content.docs, mistakes);
  const properties = readProperties(content.properties, yamlContext(scope, docs), mistakes);
  const manifest = assemble({ projectFile, scope, mistakes }, content, properties);
  if (mistakes.issues.length > 0) throw new ProjectError(mistakes.issues);
  return manifest;
}

async function readProjectFile(
  options: TransformOptions,
  scope: ProjectScope,
  mistakes: Mistakes,
): Promise<DbtProjectFile | undefined> {
  const path = join(options.folder, 'dbt_project.yml');
  const yaml = parseYamlFile(
    projectPath(options.projectFolder, path),
    await readText(options.projectFolder, path),
    mistakes,
  );
  if (!yaml) return undefined;
  return shapeDbtProject(
    yaml,
    renderYamlValues(yaml, yamlContext(scope), isLateInProject, mistakes),
    mistakes,
  );
}

async function readContent(options: TransformOptions, project: DbtProjectFile): Promise<ProjectContent> {
  const read = (paths: readonly string[], extensions: readonly string[]): Promise<readonly ProjectFile[]> =>
    readProjectFiles(options.projectFolder, options.folder, paths, extensions);
  const everywhere = [
    ...project.modelPaths,
    ...project.seedPaths,
    ...project.macroPaths,
    ...project.testPaths,
    ...project.docsPaths,
  ];
  return {
    models: await read(project.modelPaths, ['.sql']),
    seeds: await read(project.seedPaths, ['.csv']),
    macros: await read(project.macroPaths, ['.sql']),
    tests: await read(project.testPaths, ['.sql']),
    properties: await read(everywhere, ['.yml', '.yaml']),
    docs: await read(everywhere, ['.md']),
  };
}

function projectScope(
  options: TransformOptions,
  projectName: string,
  variables: Readonly<Record<string, unknown>>,
  macros: MacroSet,
): ProjectScope {
  return {
    projectName,
    dialectName: options.dialectName,
    databaseName: options.database,
    targetSchema: options.schema,
    target: {
      name: options.targetName ?? 'dev',
      type: options.dialectName,
      schema: options.schema,
      database: options.database,
      dbname: options.database,
      profile_name: projectName,
      threads: 4,
    },
    variables,
    environment: options.environment,
    macros,
  };
}

function assemble(room: ReadingRoom, content: ProjectContent, properties: Properties): Manifest {
  const { mistakes, projectFile } = room;
  const drafts = content.models.flatMap((file) => {
    const draft = readModel(room, file, properties.models.get(file.name));
    return draft ? [draft] : [];
  });
  const seeds = content.seeds.flatMap((file) => readSeed(room, file, properties.seeds.get(file.name)) ?? []);
  const sources = readSources(room, properties);
  const { refs, disabled } = indexRefs(
    drafts.map((draft) => draft.node),
    seeds,
    mistakes,
  );
  const names: Names = {
    projectName: projectFile.name,
    refs,
    sources: new Map(sources.map(({ node }) => [`${node.sourceName}.${node.name}`, node])),
    disabled,
  };
  const resolve = <Node extends ModelNode | TestNode>(draft: Draft<Node>): Node => {
    const found = resolveCalls(names, draft.calls, (error) => mistakes.caught(error));
    const known = new Set(draft.node.dependencies.map((dependency) => dependency.uniqueId));
    return {
      ...draft.node,
      dependencies: [...draft.node.dependencies, ...found.filter(({ uniqueId }) => !known.has(uniqueId))],
    };
  };
  const models = drafts.filter((draft) => draft.node.config.isEnabled).map(resolve);
  const enabledSeeds = seeds.filter((seed) => seed.config.isEnabled);
  const resolvedRefs = new Map<string, RefNode>(
    [...models, ...enabledSeeds].map((node) => [node.name, node]),
  );
  const testDrafts = [
    ...readTestsOf(room, models, properties.models, content.models, disabled),
    ...readTestsOf(room, enabledSeeds, properties.seeds, content.seeds, disabled),
    ...sources.flatMap(({ node, placed }) => readGenericTests(room, node, placed)),
    ...content.tests
      .filter((file) => !isGenericTest(file))
      .flatMap((file) => readSingularTest(room, file, properties.singularTests.get(file.name)) ?? []),
  ];
  const sourceNodes = sources.map(({ node }) => node);
  const upstream: readonly TransformNode[] = [...models, ...enabledSeeds, ...sourceNodes];
  const byUpstreamId = new Map(upstream.map((node) => [node.uniqueId, node]));
  const tests = withUniqueKeys(testDrafts.map(resolve)).map((test) => withSubject(test, byUpstreamId));
  const all: readonly TransformNode[] = [...upstream, ...tests];
  reportClashes(all, mistakes);
  return {
    projectName: projectFile.name,
    scope: room.scope,
    refs: resolvedRefs,
    sources: names.sources,
    tests,
    exposures: readExposures(room, properties, names),
    byId: new Map(all.map((node) => [node.uniqueId, node])),
    byKey: new Map(all.map((node) => [node.key, node])),
  };
}

function indexRefs(
  models: readonly ModelNode[],
  seeds: readonly SeedNode[],
  mistakes: Mistakes,
): { refs: ReadonlyMap<string, RefNode>; disabled: ReadonlySet<string> } {
  const refs = new Map<string, RefNode>();
  const disabled = new Set<string>();
  for (const node of [...models, ...seeds]) {
    if (!node.config.isEnabled) {
      disabled.add(node.name);
      continue;
    }
    const first = refs.get(node.name);
    if (first) {
      mistakes.add(
        `there are two models or seeds named "${node.name}": ${first.origin.file} and ${node.origin.file}`,
        {
          code: 'model_twice',
          origin: node.origin,
          next: 'Rename one of the files.',
        },
      );
    } else {
      refs.set(node.name, node);
    }
  }
  return { refs, disabled };
}

/** Tests of models or seeds; properties of a node that does not exist are a mistake. */
function readTestsOf(
  room: ReadingRoom,
  nodes: readonly (ModelNode | SeedNode)[],
  properties: ReadonlyMap<string, PlacedProperties>,
  files: readonly ProjectFile[],
  disabled: ReadonlySet<string>,
): readonly Draft<TestNode>[] {
  const byName = new Map(nodes.map((node) => [node.name, node]));
  const fileNames = new Set(files.map((file) => file.name));
  return [...properties.values()].flatMap((placed) => {
    const { name } = placed.properties;
    const node = byName.get(name);
    if (node) return readGenericTests(room, node, placed);
    if (!disabled.has(name) && !fileNames.has(name)) {
      room.mistakes.add(`"${name}" is described, but there is no such file${didYouMean(name, fileNames)}`, {
        code: 'model_missing',
        origin: nameOrigin(placed),
      });
    }
    return [];
  });
}

function withUniqueKeys(tests: readonly TestNode[]): readonly TestNode[] {
  const counts = new Map<string, number>();
  for (const test of tests) counts.set(test.key, (counts.get(test.key) ?? 0) + 1);
  return tests.map((test) =>
    (counts.get(test.key) ?? 0) > 1 && test.body.sort === 'generic'
      ? { ...test, key: `${test.key}.${test.uniqueId.split('.').at(-1) ?? ''}` }
      : test,
  );
}

/**
 * Chooses the node whose downstream waits for the test: the one it is written for, unless another node that the test
 * reads is built from that one (waiting would then never end); that other node is taken instead.
 */
function withSubject(test: TestNode, byId: ReadonlyMap<string, TransformNode>): TestNode {
  const candidates = test.dependencies.map((dependency) => dependency.uniqueId);
  const last = candidates.filter(
    (candidate) =>
      !candidates.some((other) => other !== candidate && ancestorsOf({ byId }, other).has(candidate)),
  );
  const subject = test.subject !== undefined && last.includes(test.subject) ? test.subject : last[0];
  return { ...test, subject: subject ?? test.subject };
}

/** Two nodes with one key, or that would write one table. */
function reportClashes(nodes: readonly TransformNode[], mistakes: Mistakes): void {
  const keys = new Map<string, TransformNode>();
  const relations = new Map<string, TransformNode>();
  for (const node of nodes) {
    const sameKey = keys.get(node.key);
    if (sameKey) {
      mistakes.add(`"${node.key}" is the key of two nodes; the other is in ${sameKey.origin.file}`, {
        code: 'key_twice',
        origin: node.origin,
        next: 'Rename one of them, or give it another schema.',
      });
    }
    keys.set(node.key, node);
    if (node.kind === 'test' || node.kind === 'source') continue;
    if (node.kind === 'model' && node.config.materialized === 'ephemeral') continue;
    const relation = `${node.relation.schema}.${node.relation.identifier}`.toLowerCase();
    const sameRelation = relations.get(relation);
    if (sameRelation && !sameKey) {
      mistakes.add(`"${node.name}" and "${sameRelation.name}" would both be built as ${relation}`, {
        code: 'relation_twice',
        origin: node.origin,
        next: 'Give one of them another alias or schema.',
      });
    }
    relations.set(relation, node);
  }
}

function isGenericTest(file: ProjectFile): boolean {
  return file.folders[0] === 'generic';
}
