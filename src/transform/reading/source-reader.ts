import { externalLocation } from './external-location.ts';
import { keySegment } from './key-segment.ts';
import { foldedName } from '../manifest/folded-name.ts';
import { mergeLayers, treeLayers, yamlLayer } from '../manifest/config-layer.ts';
import { readNodeConfig } from '../manifest/node-config.ts';
import type { SourceNode } from '../manifest/transform-node.ts';
import { columnDocs, detailsOf, overridingLayers, type ReadingRoom } from './node-reader.ts';
import type { PlacedProperties, Properties } from './property-reader.ts';

/** A source table and the properties that describe it. */
export interface ReadSource {
  readonly node: SourceNode;
  readonly placed: PlacedProperties;
}

/** Reads all `sources:`; disabled tables are left out. */
export function readSources(room: ReadingRoom, properties: Properties): readonly ReadSource[] {
  const found = new Map<string, ReadSource>();
  for (const { folders, content } of properties.files) {
    for (const source of content.sources) {
      checkDatabase(room, source.database, content.yaml.locate([...source.path, 'database']));
      for (const table of source.tables) {
        const fqn = [room.projectFile.name, ...folders, source.name, table.name];
        const entries = mergeLayers([
          ...treeLayers(room.projectFile.yaml, room.projectFile.trees.sources, fqn),
          yamlLayer(content.yaml, source.config, source.path),
          yamlLayer(content.yaml, table.config, table.path),
          ...overridingLayers(room, 'sources', fqn),
        ]);
        const config = readNodeConfig(entries, 'source', room.scope.databaseName, room.mistakes);
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
        if (!config.isEnabled) continue;
        const identifier = table.identifier ?? table.name;
        const schema = source.schema ?? source.name;
        const named = foldedName(
          { database: room.scope.databaseName, schema, identifier },
          { ...room.scope.quoting, ...source.quoting, ...table.quoting },
          room.scope.dialectName,
        );
        const location =
          room.scope.dialectName === 'duckdb'
            ? externalLocation(entries, config.meta, { ...named, name: table.name })
            : undefined;
        found.set(name, {
          placed: { yaml: content.yaml, folders, properties: table },
          node: {
            kind: 'source',
            packageName: room.projectFile.name,
            uniqueId: `source.${room.projectFile.name}.${name}`,
            key: `${keySegment(source.name)}/${keySegment(table.name)}`,
            name: table.name,
            sourceName: source.name,
            origin,
            description: table.description || source.description,
            fqn,
            config,
            entries,
            details: {
              ...detailsOf({ yaml: content.yaml, folders, properties: table }),
              properties: { ...table.raw, source: source.raw },
            },
            relation: location === undefined ? named : { ...named, external: location },
            columns: columnDocs(table),
          },
        });
      }
    }
  }
  return [...found.values()];
}

function checkDatabase(room: ReadingRoom, database: string | undefined, origin: SourceNode['origin']): void {
  const { databaseName, attachedDatabases } = room.scope;
  if (database === undefined || database === databaseName || attachedDatabases.includes(database)) return;
  room.mistakes.add(
    `a source in another database ("${database}") is not yet supported; the target's is "${room.scope.databaseName}"`,
    { code: 'not_yet_supported', origin, next: 'Load the tables into the target with a replication.' },
  );
}
