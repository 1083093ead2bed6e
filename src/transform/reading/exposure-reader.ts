import type { JsonObject } from '../../core/json.ts';
import { nodeContext } from '../context/node-context.ts';
import { readingMoment } from '../context/render-scope.ts';
import { toJsonValue } from '../files/plain-value.ts';
import type { ExposureProperties } from '../files/properties.ts';
import type { YamlFile } from '../files/yaml-file.ts';
import { parseTemplate, renderSync } from '../jinja/index.ts';
import type { Exposure } from './manifest.ts';
import { mergeLayers, treeLayers, yamlLayer } from '../manifest/config-layer.ts';
import { attempt, homeOf, overridingLayers, type ReadingRoom } from './reading-room.ts';
import type { Properties } from './property-reader.ts';
import { callArguments, emptyCalls, type RecordedCalls, recordingScope } from './recorded-calls.ts';
import type { NodeNames } from './node-names.ts';
import { resolveCalls } from './resolution.ts';

/** Reads all `exposures:` and resolves what they depend on: of a model that is built for several datasets, all. */
export function readExposures(
  room: ReadingRoom,
  properties: Properties,
  names: NodeNames,
): readonly Exposure[] {
  return properties.files.flatMap(({ folders, content }) =>
    content.exposures.map((exposure): Exposure => {
      const fqn = [room.projectFile.name, ...folders, exposure.name];
      const entries = mergeLayers([
        ...treeLayers(room.projectFile.yaml, room.projectFile.trees.exposures, fqn),
        yamlLayer(content.yaml, exposure.ownConfig, exposure.path),
        ...overridingLayers({ ...room, dataset: undefined }, 'exposures', fqn),
      ]);
      const isEnabled = entries.get('enabled')?.value !== false;
      const calls = isEnabled ? dependencyCalls(room, exposure, content.yaml) : emptyCalls();
      const tags = exposure.config['tags'];
      return {
        name: exposure.name,
        label: exposure.label ?? exposure.name,
        description: exposure.description,
        type: exposure.type,
        origin: content.yaml.locate([...exposure.path, 'name']),
        dependencies: resolveCalls(names, calls, homeOf(room), (error) => room.mistakes.caught(error)),
        packageName: room.projectFile.name,
        fqn,
        entries,
        properties: exposure.raw,
        ...callArguments(calls),
        tags: Array.isArray(tags) ? tags.map(String) : [],
        details: toJsonValue({ ...exposure.config, type: exposure.type, url: exposure.url }) as JsonObject,
      };
    }),
  );
}

/** `depends_on` holds calls as text: `ref('orders')`. */
function dependencyCalls(room: ReadingRoom, exposure: ExposureProperties, yaml: YamlFile): RecordedCalls {
  const all = emptyCalls();
  exposure.dependsOn.forEach((text, index) => {
    const origin = yaml.locate([...exposure.path, 'depends_on', index]);
    const calls = emptyCalls();
    const scope = recordingScope(room.scope, { name: exposure.name }, new Map(), calls);
    attempt(room.mistakes, () =>
      renderSync(parseTemplate(`{{ ${text} }}`, yaml.file), nodeContext(room.scope, scope, readingMoment)),
    );
    all.refs.push(...calls.refs.map((call) => ({ datasets: 'any' as const, ...call, origin })));
    all.metrics.push(...calls.metrics);
    all.sources.push(...calls.sources.map((call) => ({ ...call, origin })));
  });
  return all;
}
