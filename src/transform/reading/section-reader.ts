import type { Origin } from '../../core/origin.ts';
import type { JsonObject } from '../../core/json.ts';
import type { ReadingRoom } from './reading-room.ts';
import type { Properties } from './property-reader.ts';

/** An entry of a property file that is kept as it was written. */
export interface SectionEntry {
  readonly name: string;
  readonly packageName: string;
  readonly properties: JsonObject;
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

/** Collects the entries of all packages. A name that is used twice within a kind and package is a mistake. */
export function readSections(
  packages: readonly { readonly room: ReadingRoom; readonly properties: Properties }[],
): Sections {
  const all = (kind: keyof Sections): readonly SectionEntry[] =>
    packages.flatMap(({ room, properties }) => sectionsOf(room, properties, kind));
  return {
    groups: all('groups'),
    macros: all('macros'),
    semanticModels: all('semanticModels'),
    metrics: all('metrics'),
    savedQueries: all('savedQueries'),
  };
}

function sectionsOf(
  room: ReadingRoom,
  properties: Properties,
  kind: keyof Sections,
): readonly SectionEntry[] {
  const found = new Map<string, SectionEntry>();
  for (const { folders, content } of properties.files) {
    for (const { name, raw, path } of content[kind]) {
      const origin = content.yaml.locate([...path, 'name']);
      const first = found.get(name);
      if (first) {
        room.mistakes.add(
          `"${name}" is described twice; first in ${first.origin.file}:${first.origin.line ?? 1}`,
          { code: 'properties_twice', origin },
        );
        continue;
      }
      const packageName = room.projectFile.name;
      found.set(name, { name, packageName, properties: raw, fqn: [packageName, ...folders, name], origin });
    }
  }
  return [...found.values()];
}
