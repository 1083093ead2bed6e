import { ProjectError } from '../../core/errors.ts';
import { homeName } from '../manifest/dataset.ts';
import { assembleNodes } from './assembly.ts';
import { deprecationWarnings } from './deprecation.ts';
import type { ProjectFrame } from './frame-reader.ts';
import type { Manifest, ManifestNodes } from './manifest.ts';
import { homeOf } from './reading-room.ts';
import { readParts } from './package-parts.ts';

/** Makes the nodes of a project. Throws one ProjectError with everything that is wrong. */
export function readNodes({ divided, docs, mistakes }: ProjectFrame): ManifestNodes {
  const texts = new Map(docs.toReversed().map(({ name, text }) => [name, text]));
  const nodes = assembleNodes(
    divided.flatMap((item) => readParts(item, texts)),
    mistakes,
  );
  if (mistakes.issues.length > 0) throw new ProjectError(mistakes.issues);
  return nodes;
}

/** The whole of a project: its nodes, and what is read anew each time. */
export function manifestOf(
  { divided, docs, runHooks, mistakes }: ProjectFrame,
  nodes: ManifestNodes,
): Manifest {
  const [root] = divided;
  if (!root) throw new ProjectError(mistakes.issues);
  const { projectFile, scope } = root.once.room;
  const once = divided.map((item) => item.once.room);
  const rooms = [...once, ...divided.flatMap(({ repeated }) => repeated.flat().map(({ room }) => room))];
  return {
    ...nodes,
    warnings: [...nodes.warnings, ...deprecationWarnings(nodes, Date.now())],
    projectName: projectFile.name,
    projectFile,
    scope,
    scopes: new Map(rooms.map((room) => [homeName(homeOf(room)), room.scope])),
    folders: new Map(once.map((room) => [room.projectFile.name, room.folder])),
    docs,
    runHooks,
  };
}
