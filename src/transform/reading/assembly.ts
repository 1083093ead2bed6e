import type { Mistakes } from '../files/mistakes.ts';
import type { ProjectFile } from '../files/project-files.ts';
import { didYouMean } from '../files/suggestion.ts';
import type { ModelNode, RefNode, SeedNode, TestNode, TransformNode } from '../manifest/transform-node.ts';
import { readExposures } from './exposure-reader.ts';
import { ancestorsOf, type Manifest } from './manifest.ts';
import { type Draft, nameOrigin, readModel, readSeed, type ReadingRoom } from './node-reader.ts';
import type { PlacedProperties, Properties } from './property-reader.ts';
import { type Names, resolveCalls } from './resolution.ts';
import { readSources } from './source-reader.ts';
import { readGenericTests, readSingularTest } from './test-reader.ts';

/** The files of a dbt project by what they hold. */
export interface ProjectContent {
  readonly models: readonly ProjectFile[];
  readonly seeds: readonly ProjectFile[];
  readonly macros: readonly ProjectFile[];
  readonly tests: readonly ProjectFile[];
  readonly properties: readonly ProjectFile[];
  readonly docs: readonly ProjectFile[];
}

/** Reads every node, then resolves what each refers to. Mistakes go to the room. */
export function assembleManifest(
  room: ReadingRoom,
  content: ProjectContent,
  properties: Properties,
): Manifest {
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

/** `tests/generic/` holds definitions, the rest of `tests/` holds queries. */
export function isGenericTest(file: ProjectFile): boolean {
  return file.folders[0] === 'generic';
}
