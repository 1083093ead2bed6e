import type { ProjectFile } from '../files/project-files.ts';
import { didYouMean } from '../files/suggestion.ts';
import type {
  AnalysisNode,
  ModelNode,
  RefNode,
  SeedNode,
  SnapshotNode,
  TestNode,
  TransformNode,
} from '../manifest/transform-node.ts';
import { nameOrigin } from './node-reader.ts';
import { meant, type NodeNames } from './node-names.ts';
import type { ReadPackage } from './package-parts.ts';
import { isGenericTest } from './package-reader.ts';
import type { PlacedProperties } from './property-reader.ts';
import { type Draft, homeOf, type ReadingRoom } from './reading-room.ts';
import type { ReadSource } from './source-reader.ts';
import { readGenericTests, readSingularTest } from './test-reader.ts';

/** Nodes of one package whose calls are not resolved yet. */
export interface PackageDrafts extends ReadPackage {
  readonly models: readonly Draft<ModelNode>[];
  readonly snapshots: readonly Draft<SnapshotNode>[];
  readonly analyses: readonly Draft<AnalysisNode>[];
  readonly seeds: readonly Described<SeedNode>[];
  readonly sources: readonly ReadSource[];
  readonly disabled: readonly (TransformNode | AnalysisNode)[];
}

/** A node and the property entry that describes it. */
export interface Described<Node> {
  readonly node: Node;
  readonly placed?: PlacedProperties | undefined;
}

/** The generic and singular tests of one package, disabled ones included. */
export function readTests(
  { room, content, properties, sources }: PackageDrafts,
  nodes: {
    readonly models: readonly Described<ModelNode>[];
    readonly snapshots: readonly Described<SnapshotNode>[];
    readonly seeds: readonly Described<SeedNode>[];
  },
  names: NodeNames,
): readonly Draft<TestNode>[] {
  const byName = new Map(
    [...nodes.models, ...nodes.seeds, ...nodes.snapshots].map(({ node }) => [node.name, node]),
  );
  const find = (name: string): RefNode | undefined =>
    byName.get(name) ?? meant(names, names.refs.get(name) ?? [], homeOf(room));
  const known = { disabled: names.disabled, find };
  return [
    ...readTestsOf(room, nodes.models, properties.models, content.models, known),
    ...readTestsOf(room, nodes.seeds, properties.seeds, content.seeds, known),
    ...readTestsOf(room, nodes.snapshots, properties.snapshots, [], known),
    ...sources.flatMap(({ node, placed }) => readGenericTests(room, node, placed)),
    ...content.tests
      .filter((file) => !isGenericTest(file))
      .flatMap((file) => readSingularTest(room, file, properties.singularTests.get(file.name)) ?? []),
  ];
}

/**
 * Tests of models or seeds. Properties of a node of another kind or package give it their tests, as in dbt, with a warning; those of
 * a node that does not exist are a mistake where another name was meant.
 */
function readTestsOf(
  room: ReadingRoom,
  nodes: readonly Described<RefNode>[],
  properties: ReadonlyMap<string, PlacedProperties>,
  files: readonly ProjectFile[],
  known: { readonly disabled: ReadonlySet<string>; find(name: string): RefNode | undefined },
): readonly Draft<TestNode>[] {
  const described = new Map(nodes.map(({ node, placed }) => [placed, node]));
  const fileNames = new Set(files.map((file) => file.name));
  return [...new Set(properties.values())].flatMap((placed) => {
    const { name, version } = placed.properties;
    const node = described.get(placed);
    if (node) return readGenericTests(room, node, placed);
    const isFile = (version?.fileNames ?? [name]).some((file) => fileNames.has(file));
    const other = known.find(name);
    if (other && !isFile) {
      if (other.details.propertyFile === placed.yaml.file) return readGenericTests(room, other, placed);
      const owner =
        other.packageName === room.projectFile.name ? '' : ` of the package "${other.packageName}"`;
      const message = `"${name}" is a ${other.kind}${owner}: of what is said here, only its tests count`;
      room.mistakes.warnings.push({ message, origin: nameOrigin(placed) });
      return readGenericTests(room, other, placed);
    }
    if (!known.disabled.has(name) && !isFile) {
      const message = `"${name}" is described, but there is no such file`;
      const origin = nameOrigin(placed);
      const near = didYouMean(name, fileNames);
      if (near === '' || room.scope.toleratesUndefined) room.mistakes.warnings.push({ message, origin });
      else room.mistakes.add(message + near, { code: 'model_missing', origin });
    }
    return [];
  });
}
