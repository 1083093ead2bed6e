import { parseTemplate } from '../jinja/index.ts';
import type { RunHook } from './manifest.ts';
import { attempt, type ReadingRoom } from './node-reader.ts';

/** The `on-run-start` and `on-run-end` of a project or package. */
export function readRunHooks(room: ReadingRoom): readonly RunHook[] {
  const { projectFile, mistakes } = room;
  const read = (at: RunHook['at'], texts: readonly string[]): readonly RunHook[] =>
    texts.flatMap((text, index) => {
      const key = `on-run-${at}`;
      const origin = projectFile.yaml.locate([key, index]);
      const { line = 1 } = origin;
      const template = attempt(mistakes, () =>
        parseTemplate('\n'.repeat(line - 1) + text, projectFile.yaml.file),
      );
      return template ? [{ at, packageName: projectFile.name, template, origin }] : [];
    });
  return [...read('start', projectFile.onRunStart), ...read('end', projectFile.onRunEnd)];
}
