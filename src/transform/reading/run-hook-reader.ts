import type { RunHook } from './manifest.ts';
import { attempt, type ReadingRoom } from './reading-room.ts';
import { textTemplate } from './node-template.ts';

/** The `on-run-start` and `on-run-end` of a project or package. */
export function readRunHooks(room: ReadingRoom): readonly RunHook[] {
  const { projectFile, mistakes } = room;
  const read = (at: RunHook['at'], texts: readonly string[]): readonly RunHook[] =>
    texts.flatMap((text, index) => {
      const key = `on-run-${at}`;
      const origin = projectFile.yaml.locate([key, index]);
      const { line = 1 } = origin;
      const placed = '\n'.repeat(line - 1) + text;
      const template = attempt(mistakes, () => textTemplate(placed, projectFile.yaml.file));
      return template ? [{ at, packageName: projectFile.name, text: placed, origin }] : [];
    });
  return [...read('start', projectFile.onRunStart), ...read('end', projectFile.onRunEnd)];
}
