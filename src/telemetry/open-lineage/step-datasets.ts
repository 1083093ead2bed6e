import type { StepOutcome } from '../../core/executor.ts';
import type { JsonObject, JsonValue } from '../../core/json.ts';
import type { GraphNode } from '../../core/node.ts';
import { datasetOf, loadedName, outputOf, relationName } from './dataset.ts';
import { facetMaker } from './facets.ts';
import type { LineageSource, LoadedFrom } from './lineage-source.ts';

/** What a step reads: the assets of its edges, and for a load the table or file in the source. */
export function inputsOf(
  source: LineageSource,
  node: GraphNode,
  outcome?: StepOutcome,
): readonly JsonObject[] {
  const inputs = new Map<string, JsonObject>();
  const add = (dataset: JsonObject): void => {
    inputs.set(JSON.stringify([dataset['namespace'], dataset['name']]), dataset);
  };
  for (const { kind, from } of node.edges) {
    const upstream = kind === 'reads' ? source.node(from) : undefined;
    const name = upstream?.relation && relationName(source, upstream.relation);
    if (!name) continue;
    const dataset = datasetOf(source, name, upstream);
    add(
      node.check?.asset === from && outcome ? { ...dataset, ...assertion(source, node, outcome) } : dataset,
    );
  }
  for (const stream of streamsOf(source, node, outcome)) {
    const name = loadedName(source, stream);
    if (name) add(datasetOf(source, name));
  }
  return [...inputs.values()];
}

/** What a step writes. */
export function outputsOf(
  source: LineageSource,
  node: GraphNode,
  outcome?: StepOutcome,
): readonly JsonObject[] {
  const name = node.kind === 'asset' && node.relation && relationName(source, node.relation);
  return name ? [outputOf(source, name, node, outcome)] : [];
}

/** The verdict of a check about the asset that it reads. */
function assertion(source: LineageSource, node: GraphNode, { check }: StepOutcome): JsonObject {
  if (!check) return {};
  const assertions = [{ assertion: node.key, success: check.passed }];
  return {
    inputFacets: {
      dataQualityAssertions: facetMaker(source.version)('DataQualityAssertionsDatasetFacet', { assertions }),
    },
  };
}

/** A wildcard's streams are known when it has run. */
function streamsOf(source: LineageSource, node: GraphNode, outcome?: StepOutcome): readonly LoadedFrom[] {
  if (node.executor !== 'load') return [];
  const known = source.loadedFrom(node);
  if (known) return [known];
  const streams: JsonValue | undefined = outcome?.metadata['streams'];
  if (!Array.isArray(streams)) return [];
  return (streams as readonly JsonObject[]).flatMap(({ source: from, stream }) =>
    typeof from === 'string' && typeof stream === 'string' && from.endsWith(` ${stream}`)
      ? [{ connection: from.slice(0, -stream.length - 1), stream }]
      : [],
  );
}
