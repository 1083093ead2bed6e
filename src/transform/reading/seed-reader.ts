import type { ProjectFile } from '../files/project-files.ts';
import { mergeLayers } from '../manifest/config-layer.ts';
import { fqnFor, idFor } from '../manifest/dataset.ts';
import { readNodeConfig } from '../manifest/node-config.ts';
import type { SeedNode } from '../manifest/transform-node.ts';
import { relationNameOf } from './name-rules.ts';
import { assetKey, columnDocs, detailsOf, dictionaryOf } from './node-reader.ts';
import type { PlacedProperties } from './property-reader.ts';
import { attempt, configLayers, overridingLayers, type ReadingRoom } from './reading-room.ts';
import { emptyCalls, nodeDictionary, recordingScope } from './recorded-calls.ts';

/** Reads one seed; its rows are parsed when it runs. */
export function readSeed(
  room: ReadingRoom,
  file: ProjectFile,
  placed: PlacedProperties | undefined,
): SeedNode | undefined {
  const { scope, mistakes } = room;
  const fqn = [room.projectFile.name, ...file.folders, file.name];
  const uniqueId = idFor(room.dataset, `seed.${room.projectFile.name}.${file.name}`);
  const entries = mergeLayers([
    ...configLayers(room, 'seeds', fqn, placed),
    ...overridingLayers(room, 'seeds', fqn),
  ]);
  const config = readNodeConfig(entries, 'seed', mistakes);
  const dictionary = dictionaryOf(
    nodeDictionary({
      projectName: room.projectFile.name,
      resourceType: 'seed',
      uniqueId,
      name: file.name,
      fqn: fqnFor(room.dataset, fqn),
      file: file.file,
      folder: room.folder,
      description: placed?.properties.description ?? '',
      config: config.all,
      tags: config.tags,
    }),
    config,
  );
  const relation = attempt(mistakes, () =>
    relationNameOf(scope, recordingScope(scope, dictionary, entries, emptyCalls()), config, dictionary),
  );
  if (!relation) return undefined;
  return {
    kind: 'seed',
    uniqueId,
    packageName: room.projectFile.name,
    dataset: room.dataset,
    key: assetKey(room, config.schema, file.name),
    name: file.name,
    origin: { file: file.file },
    description: placed?.properties.description ?? '',
    fqn: fqnFor(room.dataset, fqn),
    config,
    entries,
    details: detailsOf(placed),
    relation,
    columns: columnDocs(placed?.properties),
    csv: file.text,
  };
}
