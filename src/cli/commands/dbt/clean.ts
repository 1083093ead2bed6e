import { rm } from 'node:fs/promises';
import { relative, resolve } from 'node:path';
import { ConfigError } from '../../../core/errors.ts';
import { exitCodes } from '../../terminal/exit-code.ts';
import { printLine } from '../../terminal/output.ts';
import type { DbtFlags } from './dbt-options.ts';
import { openDbtFiles } from './workspace.ts';

/** `millrace clean`: removes the folders that `clean-targets` names. */
export async function cleanCommand(
  place: { readonly project: string | undefined },
  flags: DbtFlags,
): Promise<number> {
  const { root, projectFile } = await openDbtFiles(place, flags);
  const sources = [
    projectFile.modelPaths,
    projectFile.seedPaths,
    projectFile.macroPaths,
    projectFile.testPaths,
    projectFile.snapshotPaths,
    projectFile.analysisPaths,
  ]
    .flat()
    .map((path) => resolve(root, path));
  for (const path of projectFile.cleanTargets) {
    const folder = resolve(root, path);
    const isInside = !relative(root, folder).startsWith('..') && folder !== root;
    if (!isInside || sources.some((source) => source === folder || source.startsWith(`${folder}/`))) {
      throw new ConfigError(
        `clean-targets names "${path}", which is outside of the project or holds its sources`,
        {
          code: 'clean_refused',
          origin: projectFile.yaml.locate(['clean-targets']),
          state: 'It was not removed.',
        },
      );
    }
    await rm(folder, { recursive: true, force: true });
    if (flags.quiet !== true) printLine(`Removed ${path}`);
  }
  return exitCodes.success;
}
