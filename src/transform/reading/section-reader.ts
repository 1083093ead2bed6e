import type { Origin } from '../../core/origin.ts';
import type { JsonObject } from '../../core/json.ts';
import { isJsonRecord } from '../files/plain-value.ts';
import type { Section } from '../files/properties.ts';
import type { YamlFile } from '../files/yaml-file.ts';
import { type ConfigEntries, mergeLayers, treeLayers, yamlLayer } from '../manifest/config-layer.ts';
import { overridingLayers, type ReadingRoom } from './reading-room.ts';
import type { Properties } from './property-reader.ts';

/** An entry of a property file that is kept as it was written. */
export interface SectionEntry {
  readonly name: string;
  readonly packageName: string;
  readonly properties: JsonObject;
  /** Its `config:` over what `dbt_project.yml` says for its kind. */
  readonly entries: ConfigEntries;
  readonly fqn: readonly string[];
  readonly origin: Origin;
}

/** What property files say beside nodes. */
export interface Sections {
  readonly groups: readonly SectionEntry[];
  readonly macros: readonly SectionEntry[];
  readonly semanticModels: readonly SectionEntry[];
  readonly metrics: readonly SectionEntry[];
  readonly savedQueries: readonly SectionEntry[];
}

type Parts = readonly { readonly room: ReadingRoom; readonly properties: Properties }[];

/** Collects the entries of all packages. A name that is used twice within a kind and package is a mistake. */
export function readSections(packages: Parts): { readonly enabled: Sections; readonly disabled: Sections } {
  const all = (kind: keyof Sections): readonly SectionEntry[] =>
    packages.flatMap(({ room, properties }) => sectionsOf(room, properties, kind));
  const read: Sections = {
    groups: all('groups'),
    macros: all('macros'),
    semanticModels: all('semanticModels'),
    metrics: all('metrics'),
    savedQueries: all('savedQueries'),
  };
  return { enabled: only(read, true), disabled: only(read, false) };
}

function only(sections: Sections, isEnabled: boolean): Sections {
  const chosen = (kind: keyof Sections): readonly SectionEntry[] =>
    sections[kind].filter(({ entries }) => (entries.get('enabled')?.value !== false) === isEnabled);
  return {
    groups: chosen('groups'),
    macros: chosen('macros'),
    semanticModels: chosen('semanticModels'),
    metrics: chosen('metrics'),
    savedQueries: chosen('savedQueries'),
  };
}

function sectionsOf(
  room: ReadingRoom,
  properties: Properties,
  kind: keyof Sections,
): readonly SectionEntry[] {
  const found = new Map<string, SectionEntry>();
  for (const { folders, content } of properties.files) {
    for (const section of content[kind]) {
      const { name } = section;
      const origin = content.yaml.locate([...section.path, 'name']);
      const first = found.get(name);
      if (first) {
        room.mistakes.add(
          `"${name}" is described twice; first in ${first.origin.file}:${first.origin.line ?? 1}`,
          { code: 'properties_twice', origin },
        );
        continue;
      }
      const packageName = room.projectFile.name;
      const fqn = [packageName, ...folders, name];
      const entries = sectionConfig(room, kind, { yaml: content.yaml, section, fqn });
      found.set(name, { name, packageName, properties: section.raw, entries, fqn, origin });
    }
  }
  return [...found.values()];
}

function sectionConfig(
  room: ReadingRoom,
  kind: keyof Sections,
  given: { readonly yaml: YamlFile; readonly section: Section; readonly fqn: readonly string[] },
): ConfigEntries {
  const { yaml, section, fqn } = given;
  const { config } = section.raw;
  const own = yamlLayer(yaml, isJsonRecord(config) ? config : {}, section.path);
  if (kind === 'groups' || kind === 'macros') return mergeLayers([own]);
  return mergeLayers([
    ...treeLayers(room.projectFile.yaml, room.projectFile.trees[kind], fqn),
    own,
    ...overridingLayers({ ...room, dataset: undefined }, kind, fqn),
  ]);
}
