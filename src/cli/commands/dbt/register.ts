import { type Command, InvalidArgumentError, Option } from 'commander';
import { exitCodeOfError, exitCodes } from '../../terminal/exit-code.ts';
import { printError } from '../../terminal/error-output.ts';
import type { Place } from '../open-project.ts';
import type { DbtFlags } from './dbt-options.ts';

/** Adds dbt's commands. Each loads its own code when it is called. */
export function registerDbtCommands(program: Command, place: () => Place): void {
  for (const name of ['build', 'test', 'seed', 'snapshot'] as const) {
    executing(program.command(name).description(descriptions[name])).action(
      dbtAction(async (flags: DbtFlags) => {
        const { buildCommand } = await import('./build.ts');
        return await buildCommand(place(), name, flags);
      }),
    );
  }
  selecting(
    program.command('compile').description('compile models, tests and analyses of the dbt project into SQL'),
  )
    .option('--inline <sql>', 'compile this SQL and print it')
    .option('--no-introspect', 'do not ask the warehouse')
    .option('-f, --full-refresh', 'as a run with --full-refresh')
    .option('--output <format>', 'text or json')
    .action(
      dbtAction(async (flags: DbtFlags) => {
        const { compileCommand } = await import('./compile.ts');
        return await compileCommand(place(), flags);
      }),
    );
  common(program.command('parse').description('read the dbt project and write its manifest.json')).action(
    dbtAction(async (flags: DbtFlags) => {
      const { parseCommand } = await import('./parse.ts');
      return await parseCommand(place(), flags);
    }),
  );
  selecting(program.command('ls').alias('list').description('list resources of the dbt project'))
    .option('--output <format>', 'selector, name, path or json', 'selector')
    .option('--output-keys <keys...>', 'with --output json: these keys')
    .action(
      dbtAction(async (flags: DbtFlags) => {
        const { listCommand } = await import('./list.ts');
        return await listCommand(place(), flags);
      }),
    );

  selecting(
    program
      .command('show')
      .description('the first rows of a model, an analysis or a query of the dbt project'),
  )
    .option('--inline <sql>', 'of this query, a template')
    .option('--inline-direct <sql>', 'of this query, plain SQL')
    .option('-l, --limit <rows>', 'at most so many; -1 for all', wholeNumber, 5)
    .option('--output <format>', 'text or json')
    .action(
      dbtAction(async (flags: DbtFlags) => {
        const { showCommand } = await import('./show.ts');
        return await showCommand(place(), flags);
      }),
    );
  const docs = program.command('docs').description('documentation of the dbt project');
  selecting(docs.command('generate').description('write manifest.json and catalog.json'))
    .option('--no-compile', 'without compiled SQL')
    .option('--empty-catalog', 'without asking the warehouse for columns')
    .option('--static', 'also static_index.html, one page that shows all of it')
    .addOption(new Option('--no-static', 'do not').hideHelp())
    .action(
      dbtAction(async (flags: DbtFlags) => {
        const { docsGenerateCommand } = await import('./docs.ts');
        return await docsGenerateCommand(place(), flags);
      }),
    );
  const source = program.command('source').description('sources of the dbt project');
  selecting(source.command('freshness').description('how old the newest row of each source is'))
    .option('-o, --output <file>', 'instead of sources.json in the target folder')
    .action(
      dbtAction(async (flags: DbtFlags) => {
        const { sourceFreshnessCommand } = await import('./source-freshness.ts');
        return await sourceFreshnessCommand(place(), flags);
      }),
    );
  common(program.command('retry').description('run again what went wrong in the last command'))
    .option('--state <folder>', 'artifacts of another command')
    .option('-x, --fail-fast', 'stop at the first failure')
    .option('-f, --full-refresh', 'rebuild from nothing what would be continued')
    .action(
      dbtAction(async (flags: DbtFlags) => {
        const { retryCommand } = await import('./retry.ts');
        return await retryCommand(place(), flags);
      }),
    );
  selecting(program.command('clone').description('make views here of what another environment has built'))
    .option('-f, --full-refresh', 'also in the place of what exists')
    .action(
      dbtAction(async (flags: DbtFlags) => {
        const { cloneCommand } = await import('./clone.ts');
        return await cloneCommand(place(), flags);
      }),
    );
  const operation = common(program.command('run-operation').description('call a macro of the dbt project'))
    .argument('<macro>', 'its name, or package.name')
    .option('--args <map>', "arguments, such as '{schema: old}'");
  operation.action(async (macro: string, flags: DbtFlags) => {
    await dbtAction(async (given: DbtFlags) => {
      const { runOperationCommand } = await import('./run-operation.ts');
      return await runOperationCommand(place(), macro, given);
    })(flags);
  });
  common(program.command('deps').description('install the packages of the dbt project'))
    .option('--upgrade', 'look for newer versions than those of package-lock.yml')
    .option('--lock', 'only write package-lock.yml')
    .action(
      dbtAction(async (flags: DbtFlags) => {
        const { depsCommand } = await import('./deps.ts');
        return await depsCommand(place(), flags);
      }),
    );
  common(
    program.command('debug').description('whether the dbt project can be read and its warehouse reached'),
  )
    .option('--connection', 'without effect')
    .action(
      dbtAction(async (flags: DbtFlags) => {
        const { debugCommand } = await import('./debug.ts');
        return await debugCommand(place(), flags);
      }),
    );
  common(program.command('clean').description('remove the folders that clean-targets names')).action(
    dbtAction(async (flags: DbtFlags) => {
      const { cleanCommand } = await import('./clean.ts');
      return await cleanCommand(place(), flags);
    }),
  );
}

const descriptions = {
  build: 'build and test what is selected of the dbt project, in the order of its graph',
  test: 'run data tests and unit tests of the dbt project',
  seed: 'load the CSV files of the dbt project',
  snapshot: 'run the snapshots of the dbt project',
} as const;

/** Flags of every command. */
function common(command: Command): Command {
  command
    .option('--vars <map>', "variables, such as '{day: 2024-01-01}'")
    .option('-t, --target <name>', 'output of the profile')
    .option('--profile <name>', 'profile of profiles.yml')
    .option('--project-dir <folder>', 'folder of dbt_project.yml')
    .option('--profiles-dir <folder>', 'folder of profiles.yml')
    .option('--target-path <folder>', 'folder of artifacts')
    .option('--threads <count>', 'steps at a time', positiveInteger)
    .option('-q, --quiet', 'only what went wrong')
    .option('--no-write-json', 'write no artifacts')
    .option('--warn-error', 'a warning is an error')
    .option('--warn-error-options <map>', "which warnings are: '{include: all, exclude: [LogTestResult]}'")
    .option('--json', 'print JSON');
  for (const flag of withoutEffect) command.addOption(new Option(flag).hideHelp());
  return command;
}

/** Flags of dbt that change nothing here. */
const withoutEffect = [
  '--no-partial-parse',
  '--partial-parse',
  '--no-version-check',
  '--version-check',
  '--no-use-colors',
  '--use-colors',
  '--no-send-anonymous-usage-stats',
  '--send-anonymous-usage-stats',
  '--no-populate-cache',
  '--populate-cache',
  '--no-static-parser',
  '--static-parser',
  '--no-print',
  '--print',
  '--no-fail-fast',
  '--cache-selected-only',
  '--no-cache-selected-only',
  '--use-experimental-parser',
  '--log-format <format>',
  '--log-level <level>',
  '--log-path <folder>',
  '--log-format-file <format>',
  '--log-level-file <level>',
  '--printer-width <width>',
  '-d, --debug',
  '--no-debug',
  '--no-quiet',
  '--no-warn-error',
  '--write-json',
  '--macro-debugging',
  '--no-macro-debugging',
  '--log-cache-events',
  '--no-log-cache-events',
  '--log-file-max-bytes <count>',
  '--no-use-colors-file',
  '--use-colors-file',
  '--single-threaded',
  '--no-single-threaded',
];

/** Flags of commands that select. */
function selecting(command: Command): Command {
  return common(command)
    .option('-s, --select <selection...>', 'which resources: names, +x+, tag:x, path:x, state:modified, ...')
    .addOption(new Option('-m, --models <selection...>', 'as --select').hideHelp())
    .option('--exclude <selection...>', 'leave these out')
    .option('--selector <name>', 'a selection of selectors.yml')
    .option('--resource-types, --resource-type <types...>', 'only these types')
    .option('--exclude-resource-types, --exclude-resource-type <types...>', 'not these types')
    .option('--indirect-selection <mode>', 'tests to take along: eager, cautious, buildable or empty')
    .option('--state <folder>', 'artifacts to compare with')
    .option('--defer', 'read what is not built here from where --state was built')
    .option('--no-defer', 'do not')
    .option('--defer-state <folder>', 'artifacts for --defer, when not those of --state')
    .option('--favor-state', 'with --defer: also what is built here')
    .option('--no-favor-state', 'do not');
}

/** Flags of commands that build or test. */
function executing(command: Command): Command {
  return selecting(command)
    .option('-f, --full-refresh', 'rebuild from nothing what would be continued')
    .option('-x, --fail-fast', 'stop at the first failure')
    .option('--empty', 'build with no rows')
    .option('--store-failures', 'keep the failing rows of tests')
    .option('--event-time-start <time>', 'with --event-time-end: batches of this time')
    .option('--event-time-end <time>', 'end of it, excluded')
    .option('--sample <time>', "of what has an event_time only '3 days', or '{start: ..., end: ...}'")
    .addOption(
      new Option('--executor <who>', 'who builds: millrace, or the dbt that is installed').choices([
        'millrace',
        'dbt',
      ]),
    )
    .addOption(new Option('--no-full-refresh', 'do not').hideHelp())
    .addOption(new Option('--no-empty', 'do not').hideHelp())
    .addOption(new Option('--no-export-saved-queries', 'without effect').hideHelp())
    .addOption(new Option('--include-saved-query', 'without effect').hideHelp())
    .addOption(new Option('--no-include-saved-query', 'without effect').hideHelp())
    .addOption(new Option('--show', 'without effect').hideHelp())
    .addOption(new Option('--no-compile', 'without effect').hideHelp());
}

/** Runs a command and ends with dbt's exit code: 0, 1 for what failed while it ran, 2 for everything else. */
function dbtAction<Flags>(work: (flags: Flags) => Promise<number>): (flags: Flags) => Promise<void> {
  return async (flags) => {
    try {
      process.exitCode = await work(flags);
    } catch (error) {
      // A dbt project by itself knows no "millrace check".
      printError(error, process.argv.includes('--json'), (text) =>
        text.replace('run: millrace check', 'run: millrace parse'),
      );
      process.exitCode =
        exitCodeOfError(error) === exitCodes.cancelled ? exitCodes.cancelled : exitCodes.config;
    }
  };
}

function wholeNumber(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value)) throw new InvalidArgumentError('must be a whole number');
  return value;
}

function positiveInteger(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new InvalidArgumentError('must be a whole number above 0');
  return value;
}
