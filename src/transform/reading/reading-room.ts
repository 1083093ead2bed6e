import type { ProjectScope } from '../context/render-scope.ts';
import type { ConfigTreeName, DbtProjectFile } from '../files/dbt-project-file.ts';
import type { Mistakes } from '../files/mistakes.ts';
import { type ConfigLayer, treeLayers, yamlLayer } from '../manifest/config-layer.ts';
import { type Dataset, datasetTag, type Home } from '../manifest/dataset.ts';
import type { PlacedProperties } from './property-reader.ts';
import type { RecordedCalls } from './recorded-calls.ts';

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

/** What names mean in what the room reads. */
export function homeOf({ projectFile, dataset }: ReadingRoom): Home {
  return { packageName: projectFile.name, dataset };
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

/** Runs `work`; a mistake in the user's files is collected and gives undefined. */
export function attempt<T>(mistakes: Mistakes, work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    mistakes.caught(error);
    return undefined;
  }
}
