import { ConfigError } from '../../core/errors.ts';
import type { Mistakes, Warning } from '../files/mistakes.ts';
import type { ConfigEntries } from '../manifest/config-layer.ts';
import { isSameDataset } from '../manifest/dataset.ts';
import type {
  AnalysisNode,
  ModelNode,
  RefNode,
  SnapshotNode,
  SourceNode,
  TestNode,
  TransformNode,
} from '../manifest/transform-node.ts';
import { checkAccess } from './access.ts';
import { reportClashes, reportTwins } from './clashes.ts';
import { readExposures } from './exposure-reader.ts';
import { type FindProperties, findProperties } from './foreign-properties.ts';
import { ancestorsOf, type ManifestNodes } from './manifest.ts';
import { type Draft } from './reading-room.ts';
import { readSeed } from './seed-reader.ts';
import { readAnalysis, readModel } from './node-reader.ts';
import { ownKeys } from './own-keys.ts';
import { callArguments } from './recorded-calls.ts';
import { readSections } from './section-reader.ts';
import type { ReadPackage } from './package-parts.ts';
import { byName, type NodeNames } from './node-names.ts';
import { type PackageDrafts, readTests } from './package-tests.ts';
import { resolveCalls } from './resolution.ts';
import { readSnapshots } from './snapshot-reader.ts';
import { readUnitTests } from './unit-test-reader.ts';
import { readAllSources, type ReadSource } from './source-reader.ts';

/** Reads every node of the project (the first package) and its packages, then resolves what each refers to. */
export function assembleNodes(packages: readonly ReadPackage[], mistakes: Mistakes): ManifestNodes {
  const [root] = packages;
  if (!root) throw new TypeError('there is no project');
  const sources = readAllSources(packages);
  const drafts = withOwnKeys(
    packages.map((item) => draftNodes(item, findProperties(item, packages), sources.get(item.room) ?? [])),
  );
  const names = nodeNames(root.room.projectFile.name, drafts, mistakes);
  const resolve = <Node extends ModelNode | SnapshotNode | AnalysisNode | TestNode>(
    draft: Draft<Node>,
  ): Node => {
    const found = resolveCalls(names, draft.calls, draft.node, (error) =>
      mistakes.caught(inMacro(error, draft.node)),
    );
    const known = new Set(draft.node.dependencies.map((dependency) => dependency.uniqueId));
    return {
      ...draft.node,
      details: { ...draft.node.details, ...callArguments(draft.calls) },
      dependencies: [...draft.node.dependencies, ...found.filter(({ uniqueId }) => !known.has(uniqueId))],
    };
  };
  const upstream: TransformNode[] = [];
  const testDrafts: Draft<TestNode>[] = [];
  for (const item of drafts) {
    const { seeds } = item;
    const models = item.models.map((draft) => ({ node: resolve(draft), placed: draft.placed }));
    const snapshots = item.snapshots.map((draft) => ({ node: resolve(draft), placed: draft.placed }));
    upstream.push(...[...models, ...snapshots, ...seeds, ...item.sources].map(({ node }) => node));
    testDrafts.push(...readTests(item, { models, snapshots, seeds }, names));
  }
  const byUpstreamId = new Map(upstream.map((node) => [node.uniqueId, node]));
  const models = upstream.filter((node) => node.kind === 'model');
  const unitTests = packages.flatMap(({ room, content, properties }) =>
    readUnitTests(
      room,
      properties,
      names,
      models.filter(({ dataset }) => isSameDataset(dataset, room.dataset)),
      content.fixtures,
    ),
  );
  const resolveTest = (draft: Draft<TestNode>): readonly TestNode[] => {
    if (!mistakes.isTolerant) return [resolve(draft)];
    const missing: ConfigError[] = [];
    resolveCalls(names, draft.calls, draft.node, (error) => missing.push(error));
    for (const { message, origin } of missing) {
      mistakes.warnings.push({
        message: `the test "${draft.node.name}" is left out: ${message}`,
        origin: origin ?? draft.node.origin,
      });
    }
    return missing.length === 0 ? [resolve(draft)] : [];
  };
  const tests = [
    ...withUniqueKeys(testDrafts.filter(({ node }) => node.config.isEnabled).flatMap(resolveTest)),
    ...unitTests.filter(({ config }) => config.isEnabled),
  ].map((test) => withSubject(test, byUpstreamId));
  const all: readonly TransformNode[] = [...upstream, ...tests];
  reportClashes(all, mistakes);
  const analyses = drafts.flatMap((item) => item.analyses.map(resolve));
  const once = packages.filter(({ room }) => room.dataset === undefined);
  const { enabled: sections, disabled: disabledSections } = readSections(once);
  const exposures = once.flatMap(({ room, properties }) => readExposures(room, properties, names));
  const isEnabled = ({ entries }: { readonly entries: ConfigEntries }): boolean =>
    entries.get('enabled')?.value !== false;
  const byId = new Map(all.map((node) => [node.uniqueId, node]));
  checkAccess([...all, ...analyses], {
    groups: new Set(sections.groups.map(({ name }) => name)),
    restricted: new Set(
      packages.flatMap(({ room }) => (room.projectFile.restrictsAccess ? [room.projectFile.name] : [])),
    ),
    byId,
    mistakes,
  });
  return {
    names: { ...names, refs: refsOf(upstream) },
    analyses,
    disabled: {
      nodes: [
        ...drafts.flatMap((item) => item.disabled),
        ...[...testDrafts.map(({ node }) => node), ...unitTests].filter(({ config }) => !config.isEnabled),
      ],
      sections: disabledSections,
      exposures: exposures.filter((exposure) => !isEnabled(exposure)),
    },
    sections,
    tests,
    warnings: unique(mistakes.warnings),
    exposures: exposures.filter(isEnabled),
    byId,
    byKey: new Map(all.map((node) => [node.key, node])),
  };
}

/** A call that stands in a macro is told with the file that it was made for. */
function inMacro(error: ConfigError, { origin }: Pick<TransformNode, 'origin'>): ConfigError {
  const { code, message, next } = error;
  if (!error.origin || error.origin.file === origin.file) return error;
  return new ConfigError(`${message}; called from ${origin.file}`, {
    code,
    origin: error.origin,
    ...(next === undefined ? {} : { next }),
  });
}

/** What several datasets have in common is read as often, and told once. */
function unique(warnings: readonly Warning[]): readonly Warning[] {
  return [...new Map(warnings.map((warning) => [JSON.stringify(warning), warning])).values()];
}

function draftNodes(
  item: ReadPackage,
  placedOf: FindProperties,
  sources: readonly ReadSource[],
): PackageDrafts {
  const { room, content, properties } = item;
  const models = content.models.flatMap((file) => readModel(room, file, placedOf('models', file.name)) ?? []);
  const analyses = content.analyses.flatMap(
    (file) => readAnalysis(room, file, properties.analyses.get(file.name)) ?? [],
  );
  const seeds = content.seeds.flatMap((file) => {
    const placed = placedOf('seeds', file.name);
    const node = readSeed(room, file, placed);
    return node ? [{ node, placed }] : [];
  });
  const snapshots = readSnapshots(room, content.snapshots, properties);
  const all = [...models, ...seeds, ...snapshots, ...analyses, ...sources];
  return {
    ...item,
    models: models.filter(isOn),
    analyses: analyses.filter(isOn),
    seeds: seeds.filter(isOn),
    snapshots: snapshots.filter(isOn),
    sources: sources.filter(isOn),
    disabled: all.filter((one) => !isOn(one)).map(({ node }) => node),
  };
}

function isOn({ node }: { readonly node: TransformNode | AnalysisNode }): boolean {
  return node.config.isEnabled;
}

/** What would have another's key has one of its own. */
function withOwnKeys(packages: readonly PackageDrafts[]): readonly PackageDrafts[] {
  const keys = ownKeys(
    packages.flatMap(({ models, snapshots, seeds, sources }) =>
      [...models, ...snapshots, ...seeds, ...sources]
        .map(({ node }) => node)
        .filter((node) => node.kind === 'source' || node.config.isEnabled),
    ),
  );
  const rekeyed = <Holder extends { readonly node: RefNode | SourceNode }>(holder: Holder): Holder => {
    const key = keys.get(holder.node.uniqueId) ?? holder.node.key;
    return key === holder.node.key ? holder : { ...holder, node: { ...holder.node, key } };
  };
  return packages.map((item) => ({
    ...item,
    models: item.models.map(rekeyed),
    snapshots: item.snapshots.map(rekeyed),
    seeds: item.seeds.map(rekeyed),
    sources: item.sources.map(rekeyed),
  }));
}

function nodeNames(projectName: string, packages: readonly PackageDrafts[], mistakes: Mistakes): NodeNames {
  const enabled = packages.flatMap(({ models, snapshots, seeds }) => [
    ...[...models, ...snapshots].map((draft) => draft.node),
    ...seeds.map(({ node }) => node),
  ]);
  const disabled = packages.flatMap((item) => item.disabled.map(nameOfCall));
  reportTwins(enabled, mistakes);
  const refs = refsOf(enabled);
  const sources = packages.flatMap((item) => item.sources.map(({ node }) => node));
  return {
    projectName,
    packageNames: new Set(packages.map(({ room }) => room.projectFile.name)),
    refs,
    sources: byName(sources, (node) => `${node.sourceName}.${node.name}`),
    disabled: new Set(disabled.filter((name) => !refs.has(name))),
  };
}

/** What `ref()` or `source()` call a node. */
function nameOfCall(node: TransformNode | AnalysisNode): string {
  return node.kind === 'source' ? `${node.sourceName}.${node.name}` : node.name;
}

function refsOf(nodes: readonly TransformNode[]): ReadonlyMap<string, readonly RefNode[]> {
  return byName(
    nodes.filter((node) => node.kind !== 'test' && node.kind !== 'source'),
    (node) => node.name,
  );
}

function withUniqueKeys(tests: readonly TestNode[]): readonly TestNode[] {
  const counts = new Map<string, number>();
  for (const test of tests) counts.set(test.key, (counts.get(test.key) ?? 0) + 1);
  return tests.map((test) =>
    (counts.get(test.key) ?? 0) > 1 && test.body.sort === 'generic'
      ? { ...test, key: `${test.key}.${test.uniqueId.split('.').at(test.dataset ? -2 : -1) ?? ''}` }
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
