#!/usr/bin/env node
import { enableCompileCache } from 'node:module';
import { Command, CommanderError } from 'commander';
import { formatError, MillraceError, toFailure } from '../core/errors.ts';
import { registerDbtCommands } from './commands/dbt/register.ts';
import type { Place } from './commands/open-project.ts';
import { packageVersion } from '../project/settings/package-version.ts';
import { registerConnectionCommands } from './program/connection-commands.ts';
import { registerLedgerCommands } from './program/ledger-commands.ts';
import { registerLookCommands } from './program/look-commands.ts';
import { registerProjectCommands } from './program/project-commands.ts';
import { registerWorkCommands } from './program/work-commands.ts';
import { exitCodeOfError, exitCodes } from './terminal/exit-code.ts';
import { paint, printJson } from './terminal/output.ts';

// Each command loads its own code, so that `--help` and `init` start no database driver. What is loaded was compiled
// by an earlier command: a fifth of the time of a short one.
enableCompileCache();

const program = new Command('millrace')
  .description('Load, transform, report, sync and curate data as one graph in one process.')
  .version(packageVersion())
  .option('--project <folder>', 'the project, when it is not the current folder or one above it')
  .showHelpAfterError('(see: millrace --help)')
  .exitOverride();

registerProjectCommands(program, place);
registerWorkCommands(program, place);
registerLookCommands(program, place);
registerLedgerCommands(program, place);
registerConnectionCommands(program, place);
registerDbtCommands(program, place);

// Whoever reads the output may stop early, as `head` does.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(exitCodes.success);
  throw error;
});

function place(): Place {
  return { project: program.opts<{ project?: string }>().project };
}

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) {
    process.exitCode = error.exitCode === 0 ? exitCodes.success : exitCodes.config;
  } else {
    if (process.argv.includes('--json')) printJson({ error: toFailure(error) });
    else if (error instanceof MillraceError)
      process.stderr.write(`${paint('red', 'error', process.stderr)} ${formatError(error)}\n`);
    else process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    process.exitCode = exitCodeOfError(error);
  }
}
