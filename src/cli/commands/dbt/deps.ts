import { installDependencies } from '../../../transform/index.ts';
import { exitCodes } from '../../terminal/exit-code.ts';
import { printJson, printLine } from '../../terminal/output.ts';
import type { DbtFlags } from './dbt-options.ts';
import { openDbtFiles } from './workspace.ts';

export interface DepsFlags extends DbtFlags {
  readonly upgrade?: boolean;
  readonly lock?: boolean;
}

/** `millrace deps`: installs the packages of the dbt project and writes package-lock.yml. */
export async function depsCommand(
  place: { readonly project: string | undefined },
  flags: DepsFlags,
): Promise<number> {
  const { root, vars } = await openDbtFiles(place, flags);
  const packages = await installDependencies({
    folder: root,
    environment: process.env,
    vars,
    isUpgrade: flags.upgrade === true,
    isLockOnly: flags.lock === true,
    log: (message) => {
      if (flags.json !== true && flags.quiet !== true) printLine(message);
    },
  });
  if (flags.json === true) printJson({ packages });
  else if (packages.length === 0) printLine('The project asks for no packages.');
  return exitCodes.success;
}
