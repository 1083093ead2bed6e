import type { JsonObject } from '../../core/json.ts';
import { plainText } from '../files/plain-value.ts';
import { datasetTag } from '../manifest/dataset.ts';
import type { ArtifactNode } from './artifact-node.ts';
import { objectOf } from './json-part.ts';

/** The variables of the dataset that a node is built for; undefined of other nodes, whose `meta.dataset` is the user's own. */
export function datasetVariables(node: ArtifactNode): JsonObject | undefined {
  const dataset = objectOf(metaOf(node)['dataset']);
  return node.tags?.includes(tagOf(dataset)) || tagsOf(node).includes(tagOf(dataset)) ? dataset : undefined;
}

/** Such as `database:eu`. */
export function datasetTagOf(node: ArtifactNode): string | undefined {
  const dataset = datasetVariables(node);
  return dataset && tagOf(dataset);
}

function metaOf({ meta, config }: ArtifactNode): JsonObject {
  return { ...objectOf(meta), ...objectOf(config?.['meta']) };
}

function tagsOf({ config }: ArtifactNode): readonly unknown[] {
  const tags = config?.['tags'];
  return Array.isArray(tags) ? tags : [];
}

function tagOf(dataset: JsonObject): string {
  const [dimension = ''] = Object.keys(dataset);
  return datasetTag({ dimension, value: plainText(dataset[dimension]) });
}
