import type { JsonObject, JsonValue } from '../../core/json.ts';
import type { YamlFile, YamlPath } from '../files/yaml-file.ts';
import { externalLocation } from './external-location.ts';
import { keySegment } from './key-segment.ts';
import { foldedName } from '../manifest/folded-name.ts';
import { mergeLayers, treeLayers, yamlLayer } from '../manifest/config-layer.ts';
import { fqnFor, idFor } from '../manifest/dataset.ts';
import { readNodeConfig } from '../manifest/node-config.ts';
import type { SourceNode } from '../manifest/transform-node.ts';
import { overridingLayers, type ReadingRoom } from './reading-room.ts';
import { columnDocs, detailsOf } from './node-reader.ts';
import type { ReadPackage } from './package-parts.ts';
import type { PlacedProperties, Properties } from './property-reader.ts';

/** A source table and the properties that describe it. */
export interface ReadSource {
  readonly node: SourceNode;
  readonly placed: PlacedProperties;
}

/**
 * The sources of each part of the project, by its room. A table that is the same for every dataset of a part is one source, of what
 * is built once.
 */
export function readAllSources(
  packages: readonly ReadPackage[],
): ReadonlyMap<ReadingRoom, readonly ReadSource[]> {
  const found = new Map(packages.map(({ room, properties }) => [room, readSources(room, properties)]));
  for (const [once, siblings] of siblingParts(packages)) {
    const [first] = siblings;
    if (!first) continue;
    const shared = sharedTables(siblings.map(({ room }) => found.get(room) ?? []));
    if (shared.size === 0) continue;
    const isShared = ({ node }: ReadSource): boolean => shared.has(`${node.sourceName}.${node.name}`);
    for (const { room } of siblings)
      found.set(
        room,
        (found.get(room) ?? []).filter((source) => !isShared(source)),
      );
    const asOnce = readSources({ ...first.room, dataset: undefined }, first.properties).filter(isShared);
    found.set(once, [...(found.get(once) ?? []), ...asOnce]);
  }
  return found;
}

/** The room of what is built once of a package, with the parts of each dimension that repeats some of it. */
function siblingParts(
  packages: readonly ReadPackage[],
): readonly (readonly [ReadingRoom, readonly ReadPackage[]])[] {
  return packages
    .filter(({ room }) => room.dataset === undefined)
    .flatMap(({ room }) => {
      const parts = packages.filter(
        (other) => other.room.dataset !== undefined && other.room.projectFile === room.projectFile,
      );
      const dimensions = new Set(parts.map((part) => part.room.dataset?.dimension));
      return [...dimensions].map(
        (dimension) => [room, parts.filter((part) => part.room.dataset?.dimension === dimension)] as const,
      );
    });
}

/** `source.table` of those that lie in the same place for all. */
function sharedTables(ofEach: readonly (readonly ReadSource[])[]): ReadonlySet<string> {
  const places = ofEach.map(
    (sources) =>
      new Map(sources.map(({ node }) => [`${node.sourceName}.${node.name}`, JSON.stringify(node.relation)])),
  );
  const [first, ...others] = places;
  return new Set(
    [...(first ?? [])].flatMap(([name, place]) =>
      others.every((other) => other.get(name) === place) ? [name] : [],
    ),
  );
}

/** Reads all `sources:`, disabled tables included. */
function readSources(room: ReadingRoom, properties: Properties): readonly ReadSource[] {
  const found = new Map<string, ReadSource>();
  const disabled: ReadSource[] = [];
  for (const { folders, content } of properties.files) {
    for (const source of content.sources) {
      const database = databaseOf(room, source.database, content.yaml.locate([...source.path, 'database']));
      for (const table of source.tables) {
        const fqn = [room.projectFile.name, ...folders, source.name, table.name];
        const entries = mergeLayers([
          ...treeLayers(room.projectFile.yaml, room.projectFile.trees.sources, fqn),
          yamlLayer(content.yaml, source.config, source.path),
          yamlLayer(content.yaml, table.config, table.path),
          ...overridingLayers(room, 'sources', fqn),
        ]);
        const config = readNodeConfig(entries, 'source', room.mistakes);
        const name = `${source.name}.${table.name}`;
        const origin = content.yaml.locate([...table.path, 'name']);
        const first = found.get(name)?.node.origin;
        if (first) {
          room.mistakes.add(
            `the source table "${name}" is declared twice; first in ${first.file}:${first.line}`,
            {
              code: 'source_twice',
              origin,
            },
          );
        }
        const identifier = table.identifier ?? table.name;
        const schema = source.schema ?? source.name;
        const named = foldedName(
          { database, schema, identifier },
          { ...room.scope.quoting, ...source.quoting, ...table.quoting },
          room.scope.dialectName,
        );
        const location =
          room.scope.dialectName === 'duckdb'
            ? externalLocation(entries, config.meta, { ...named, name: table.name })
            : undefined;
        const read: ReadSource = {
          placed: { yaml: content.yaml, folders, properties: table },
          node: {
            kind: 'source',
            packageName: room.projectFile.name,
            dataset: room.dataset,
            uniqueId: idFor(room.dataset, `source.${room.projectFile.name}.${name}`),
            key: [...(room.dataset ? [room.dataset.value] : []), source.name, table.name]
              .map(keySegment)
              .join('/'),
            name: table.name,
            sourceName: source.name,
            origin,
            description: table.description || source.description,
            fqn: fqnFor(room.dataset, fqn),
            config,
            entries,
            details: {
              ...detailsOf({ yaml: content.yaml, folders, properties: table }),
              properties: {
                ...table.raw,
                source: source.raw,
                unrendered: unrenderedPlace(content.yaml, source.path),
              },
            },
            relation: location === undefined ? named : { ...named, external: location },
            columns: columnDocs(table),
          },
        };
        if (config.isEnabled) found.set(name, read);
        else disabled.push(read);
      }
    }
  }
  return [...found.values(), ...disabled];
}

/** Database and schema of a source before their templates are rendered. */
function unrenderedPlace({ value }: YamlFile, path: YamlPath): JsonObject {
  const written = path.reduce<unknown>(
    (at, part) => (at as Record<PropertyKey, unknown> | undefined)?.[part],
    value,
  );
  const { database = null, schema = null } = written as { database?: JsonValue; schema?: JsonValue };
  return { database, schema };
}

/** The source's database; one that the target does not reach is a mistake, in a dbt project by itself of what reads it. */
function databaseOf(
  { scope, mistakes }: ReadingRoom,
  database: string | undefined,
  origin: SourceNode['origin'],
): string {
  if (database === undefined || database === scope.databaseName) return scope.databaseName;
  if (scope.attachedDatabases.includes(database)) return database;
  const message = `the source is in the database "${database}", which the target "${scope.databaseName}" does not reach`;
  if (mistakes.isTolerant) mistakes.warnings.push({ message, origin });
  else {
    mistakes.add(message, {
      code: 'other_database',
      origin,
      next: 'Load the tables into the target with a replication.',
    });
  }
  return database;
}
