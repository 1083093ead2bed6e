import type { Origin } from '../../core/origin.ts';
import { parseTemplate, snapshotTemplate } from '../jinja/index.ts';
import { createMistakes } from '../files/mistakes.ts';
import type { ProjectFile } from '../files/project-files.ts';
import type { SnapshotProperties } from '../files/properties.ts';
import { readSnapshotConfig } from '../manifest/snapshot-config.ts';
import type { SnapshotNode } from '../manifest/transform-node.ts';
import { attempt, type Draft, type ReadingRoom } from './reading-room.ts';
import { readTemplateNode, type TemplateSource } from './node-reader.ts';
import type { PlacedProperties, Properties } from './property-reader.ts';

/** Reads `{% snapshot %}` blocks, and snapshots that are written in YAML with a `relation:`. */
export function readSnapshots(
  room: ReadingRoom,
  files: readonly ProjectFile[],
  properties: Properties,
): readonly Draft<SnapshotNode>[] {
  const blocks = files.flatMap((file) => blocksOf(room, file));
  const inFiles = new Set(blocks.map(({ name }) => name));
  for (const { yaml, properties: described } of properties.snapshots.values()) {
    if (described.relation !== undefined || inFiles.has(described.name)) continue;
    room.mistakes.add(
      `the snapshot "${described.name}" has no "relation", and there is no {% snapshot %} block of that name`,
      { code: 'config_missing', origin: yaml.locate([...described.path, 'name']) },
    );
  }
  const inYaml = [...properties.snapshots.values()].flatMap((placed) => yamlSnapshot(room, placed) ?? []);
  return [...blocks, ...inYaml].flatMap((source) => {
    const draft = readTemplateNode(room, source, properties.snapshots.get(source.name));
    if (!draft) return [];
    const { node } = draft;
    const mistakes = node.config.isEnabled ? room.mistakes : createMistakes(true);
    const snapshot = readSnapshotConfig(node.entries, configOrigin(node), mistakes);
    if (!snapshot) return [];
    const targetSchema = node.entries.get('target_schema')?.value;
    const targetDatabase = node.entries.get('target_database')?.value;
    const relation = {
      ...node.relation,
      ...(typeof targetSchema === 'string' ? { schema: targetSchema } : {}),
      ...(typeof targetDatabase === 'string' ? { database: targetDatabase } : {}),
    };
    const placed = properties.snapshots.get(source.name);
    return [{ node: { ...node, kind: 'snapshot' as const, relation, snapshot }, calls: draft.calls, placed }];
  });
}

/** Where the snapshot is configured, for what is missing there. */
function configOrigin({ entries, origin }: Pick<SnapshotNode, 'entries' | 'origin'>): Origin {
  return [...entries.values()].find((entry) => entry.origin.file === origin.file)?.origin ?? origin;
}

function blocksOf(room: ReadingRoom, file: ProjectFile): readonly TemplateSource[] {
  const template = attempt(room.mistakes, () => parseTemplate(file.text, file.file));
  return (template?.ast.definitions ?? [])
    .filter((definition) => definition.sort === 'snapshot')
    .map((definition) => ({
      ...file,
      kind: 'snapshot',
      tree: 'snapshots',
      name: definition.name,
      folders: [...file.folders, file.name],
      template: template ? snapshotTemplate(template, definition) : parseTemplate('', file.file),
    }));
}

function yamlSnapshot(
  room: ReadingRoom,
  placed: PlacedProperties<SnapshotProperties>,
): TemplateSource | undefined {
  const { properties, yaml, folders } = placed;
  if (properties.relation === undefined) return undefined;
  const { line = 1 } = yaml.locate([...properties.path, 'relation']);
  const text = `${'\n'.repeat(line - 1)}select * from {{ ${properties.relation} }}`;
  const source = { file: yaml.file, folders, name: properties.name, text };
  const template = attempt(room.mistakes, () => parseTemplate(text, yaml.file));
  return template && { ...source, kind: 'snapshot', tree: 'snapshots', template };
}
