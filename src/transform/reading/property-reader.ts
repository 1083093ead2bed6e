import type { Mistakes } from '../files/mistakes.ts';
import { shapePropertyFile } from '../files/property-file.ts';
import type { NodeProperties, PropertyFile, SnapshotProperties } from '../files/properties.ts';
import type { ProjectFile } from '../files/project-files.ts';
import { parseYamlFile, type YamlFile } from '../files/yaml-file.ts';
import type { RenderContext } from '../jinja/index.ts';
import { isLateInProperties, renderYamlValues } from './rendered-yaml.ts';

/** Properties of one node and the file that has them. */
export interface PlacedProperties<Properties extends NodeProperties = NodeProperties> {
  readonly yaml: YamlFile;
  readonly folders: readonly string[];
  readonly properties: Properties;
}

export interface Properties {
  readonly files: readonly { readonly folders: readonly string[]; readonly content: PropertyFile }[];
  /** By the name of the file; a version of a model is there by every name that its file may have. */
  readonly models: ReadonlyMap<string, PlacedProperties>;
  readonly seeds: ReadonlyMap<string, PlacedProperties>;
  readonly snapshots: ReadonlyMap<string, PlacedProperties<SnapshotProperties>>;
  readonly singularTests: ReadonlyMap<string, PlacedProperties>;
  readonly analyses: ReadonlyMap<string, PlacedProperties>;
}

/** Files as they were last read in this process, by path. */
const parsedFiles = new Map<string, { readonly text: string; readonly yaml: YamlFile }>();

function parseUnchanged({ file, text }: ProjectFile, mistakes: Mistakes): YamlFile | undefined {
  const known = parsedFiles.get(file);
  if (known?.text === text) return known.yaml;
  const yaml = parseYamlFile(file, text, mistakes);
  if (yaml) parsedFiles.set(file, { text, yaml });
  return yaml;
}

/** Reads every property file of the project; a node that is described twice is a mistake. */
export function readProperties(
  files: readonly ProjectFile[],
  context: RenderContext,
  mistakes: Mistakes,
): Properties {
  const read = files.flatMap((file) => {
    const yaml = parseUnchanged(file, mistakes);
    if (!yaml || yaml.value === null || yaml.value === undefined) return [];
    const value = renderYamlValues(yaml, context, isLateInProperties, mistakes);
    const content = shapePropertyFile(yaml, value, mistakes);
    return content ? [{ folders: file.folders, content }] : [];
  });
  const index = <Kind extends 'models' | 'seeds' | 'snapshots' | 'singularTests' | 'analyses'>(
    kind: Kind,
  ): ReadonlyMap<string, PlacedProperties<PropertyFile[Kind][number]>> => {
    const found = new Map<string, PlacedProperties<PropertyFile[Kind][number]>>();
    for (const { folders, content } of read) {
      for (const properties of content[kind]) {
        const placed = { yaml: content.yaml, folders, properties };
        const first = found.get(properties.name);
        if (properties.version) {
          for (const name of properties.version.fileNames) if (!found.has(name)) found.set(name, placed);
        } else if (first) {
          const at = first.yaml.locate(first.properties.path);
          mistakes.add(`"${properties.name}" is described twice; first in ${at.file}:${at.line}`, {
            code: 'properties_twice',
            origin: content.yaml.locate([...properties.path, 'name']),
          });
        } else {
          found.set(properties.name, placed);
        }
      }
    }
    return found;
  };
  return {
    files: read,
    models: index('models'),
    seeds: index('seeds'),
    snapshots: index('snapshots'),
    singularTests: index('singularTests'),
    analyses: index('analyses'),
  };
}
