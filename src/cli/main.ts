#!/usr/bin/env node
import { enableCompileCache } from 'node:module';
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { formatError, MillraceError, toFailure } from '../core/errors.ts';
import type { DiscoverOptions } from './commands/connections-discover.ts';
import type { ExecOptions } from './commands/connections-exec.ts';
import { registerDbtCommands } from './commands/dbt/register.ts';
import type { RunLogsOptions } from './commands/run-logs.ts';
import { packageVersion } from '../project/package-version.ts';
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

program
  .command('init')
  .description('make a small project that runs')
  .argument('[folder]', 'a new or empty folder', '.')
  .option('--json', 'print JSON')
  .action(async (folder: string, options: { json?: boolean }) => {
    const { init } = await import('./commands/init.ts');
    await init({ folder, json: options.json ?? false });
  });

program
  .command('check')
  .description('find mistakes in the project without touching any system')
  .option('--connections', 'also reach every connection')
  .option('--json', 'print JSON')
  .action(async (options: { connections?: boolean; json?: boolean }) => {
    const { check } = await import('./commands/check.ts');
    process.exitCode = await check({
      ...place(),
      connections: options.connections ?? false,
      json: options.json ?? false,
    });
  });

program
  .command('plan')
  .description('say what a run would do; nothing is changed')
  .argument(
    '[selection...]',
    "what to run, such as 'shop/orders+', 'tag:daily', 'kind:model'; all when absent",
  )
  .option('--exclude <selection>', 'leave these out')
  .option('--partition <partitions>', 'as a run with --partition')
  .option('--full-refresh', 'as a run with --full-refresh')
  .option('-r, --replication <file>', 'plan the streams of this Sling replication file')
  .option('-p, --pipeline <file>', 'plan this Sling pipeline file')
  .option('--sql', 'with the SQL of each step')
  .option('--json', 'print JSON')
  .action(async (selection: string[], options: Record<string, unknown>) => {
    const { plan } = await import('./commands/plan.ts');
    process.exitCode = await plan({ ...place(), selection: selection.join(' '), ...options });
  });

program
  .command('run')
  .description('do it: load, transform, test, report and sync what is selected')
  .argument(
    '[selection...]',
    "what to run, such as 'shop/orders+', 'tag:daily', 'kind:model'; all when absent",
  )
  .option('--exclude <selection>', 'leave these out')
  .option(
    '--partition <partitions>',
    "of assets with partitions these, such as '2024-01-01..2024-01-31'; else the newest",
  )
  .option('--full-refresh', 'rebuild from nothing what would be continued')
  .option('-r, --replication <file>', 'run this Sling replication file')
  .option('-p, --pipeline <file>', 'run this Sling pipeline file')
  .option('--directory <folder>', 'run every replication file in this folder')
  .option('-c, --config <task>', "Sling's task: a file or a text in YAML or JSON")
  .option('--streams <names>', 'only these streams of it, by commas: names, ids, globs, tag:x, -x')
  .option('--src-conn <connection>', 'load one stream: from this connection, by name or URL')
  .option('--src-stream <stream>', 'load one stream: this table, query or file')
  .option('--src-options <map>', 'source_options in YAML or JSON, such as \'{delimiter: ";"}\'')
  .option('--tgt-conn <connection>', 'load one stream: into this connection, by name or URL')
  .option('--tgt-object <object>', 'load one stream: into this table or file')
  .option('--tgt-options <map>', 'target_options in YAML or JSON')
  .option('--stdout', 'load one stream: to standard output')
  .option('-m, --mode <mode>', 'full-refresh, truncate, snapshot, incremental, backfill or definition-only')
  .option('-s, --select <columns>', 'columns of the streams, by commas; without streams, a selection')
  .option('--where <condition>', 'only these rows')
  .option('--columns <map>', "types, such as '{price: decimal(12,2)}'")
  .option('--transforms <list>', "changes of text, such as '[trim_space]' or '{name: [upper]}'")
  .option('--primary-key <columns>', 'key columns, by commas')
  .option('--update-key <column>', 'the column that grows')
  .option('--range <from,to>', 'this stretch of the update key, both ends included')
  .option('-l, --limit <rows>', 'load at most so many rows of each stream', positiveInteger)
  .option('-o, --offset <rows>', 'skip so many rows first', positiveInteger)
  .option('--env <map>', "variables for the run, such as '{DAY: 2024-01-01}'")
  .option('--home-dir <folder>', "where Sling's env.yaml is, instead of ~/.sling")
  .option('-d, --debug', 'show what the steps log')
  .option('--trace', 'the same')
  .option('-e, --examples', 'show examples, and do nothing')
  .option('--json', 'print JSON; no progress')
  .action(async (selection: string[], options: Record<string, unknown>) => {
    const { run } = await import('./commands/run.ts');
    process.exitCode = await run({ ...place(), selection: selection.join(' '), ...options });
  });

program
  .command('backfill')
  .description('make many partitions, by one run after another; without a selection, list what there is')
  .argument('[selection...]', "what to make, such as 'shop/events+'")
  .option('--partition <partitions>', "which, such as '2024-01-01..2024-01-31' or all")
  .option('--exclude <selection>', 'leave these out')
  .option('--missing', 'only what has not been made yet')
  .option('--include-effects', "also tasks with effects: 'external'")
  .option('--per-run <steps>', 'most steps of a run', positiveInteger)
  .option('--full-refresh', 'rebuild from nothing what would be continued')
  .option('--dry-run', 'only say what it would do and cost')
  .option('--json', 'print JSON; no progress')
  .action(async (selection: string[], options: Record<string, unknown>) => {
    const { backfill } = await import('./commands/backfill.ts');
    process.exitCode = await backfill({ ...place(), selection: selection.join(' '), ...options });
  });

const partitions = program.command('partitions').description('partitions of assets, and their keys');
partitions
  .command('show', { isDefault: true })
  .description('which partitions of an asset are made, failed, missing')
  .argument('<asset>', 'a key such as shop/events')
  .option('--json', 'print JSON')
  .action(async (key: string, options: { json?: boolean }) => {
    const { showPartitions } = await import('./commands/partitions.ts');
    await showPartitions({ ...place(), key, json: options.json ?? false });
  });
partitions
  .command('add')
  .description('add keys to a list of dynamic partitions')
  .argument('<list>', 'its name')
  .argument('<keys...>', 'keys; those that are there already stay')
  .option('--json', 'print JSON')
  .action(async (set: string, keys: string[], options: { json?: boolean }) => {
    const { addPartitionKeys } = await import('./commands/partitions.ts');
    await addPartitionKeys({ ...place(), set, keys, json: options.json ?? false });
  });

program
  .command('dev')
  .description('serve the page, run schedules and whatever is asked for, until stopped')
  .option('--port <port>', 'port on loopback; 0 takes any free one', portNumber, 4000)
  .option('--no-schedules', 'do not run schedules')
  .option('--json', 'print one JSON line with the address')
  .action(async (options: { port: number; schedules: boolean; json?: boolean }) => {
    const { dev } = await import('./commands/dev.ts');
    process.exitCode = await dev({ ...place(), ...options, json: options.json ?? false });
  });

program
  .command('status')
  .description('how every node is: running, failed, missing, stale, current')
  .option('--json', 'print JSON')
  .action(async (options: { json?: boolean }) => {
    const { status } = await import('./commands/status.ts');
    await status({ ...place(), json: options.json ?? false });
  });

program
  .command('why')
  .description('why a node is as it is, what upstream is behind, when it runs next')
  .argument('<node>', 'a key such as shop/orders')
  .option('--json', 'print JSON')
  .action(async (key: string, options: { json?: boolean }) => {
    const { why } = await import('./commands/status.ts');
    await why({ ...place(), key, json: options.json ?? false });
  });

const connections = program
  .command('connections')
  .alias('conns')
  .description('list, test and look into connections');
connections
  .command('list', { isDefault: true })
  .description('the connections and where each is declared')
  .option('--json', 'print JSON')
  .action(async (options: { json?: boolean }) => {
    const { listConnections } = await import('./commands/connections.ts');
    process.exitCode = await listConnections({ ...place(), json: options.json ?? false });
  });
connections
  .command('test')
  .description('reach a connection, or each of them')
  .argument('[name]', 'its name')
  .option('--json', 'print JSON')
  .action(async (name: string | undefined, options: { json?: boolean }) => {
    const { testConnections } = await import('./commands/connections-test.ts');
    process.exitCode = await testConnections({ ...place(), name, json: options.json ?? false });
  });
connections
  .command('discover')
  .description('the streams of a connection, with their keys and sizes')
  .argument('<name>', 'its name')
  .option('-p, --pattern <pattern>', "such as 'public.*' or 'data/**/*.csv'")
  .option('--columns', 'with the columns of each')
  .option('--recursive', 'files: also in folders below')
  .option('--json', 'print JSON')
  .action(async (name: string, options: Omit<DiscoverOptions, 'name' | 'project'>) => {
    const { discoverStreams } = await import('./commands/connections-discover.ts');
    process.exitCode = await discoverStreams({ ...place(), name, ...options });
  });
connections
  .command('exec')
  .description('run SQL on a connection, statement by statement')
  .argument('<name>', 'its name')
  .argument('<sql...>', 'statements')
  .addOption(new Option('-o, --output <format>', 'how rows are printed').choices(['text', 'csv', 'json']))
  .option('-l, --limit <rows>', 'print at most so many rows', positiveInteger, 100)
  .option('--json', 'as -o json')
  .action(
    async (
      name: string,
      statements: string[],
      options: Omit<ExecOptions, 'name' | 'statements' | 'project'>,
    ) => {
      const { executeSql } = await import('./commands/connections-exec.ts');
      process.exitCode = await executeSql({ ...place(), name, statements, ...options });
    },
  );
connections
  .command('set')
  .description('write a connection into connections.yaml, or without a project into ~/.sling/env.yaml')
  .argument('<name>', 'its name')
  .argument('<keys...>', 'key=value, such as type=postgres host=db')
  .option('--json', 'print JSON')
  .action(async (name: string, keys: string[], options: { json?: boolean }) => {
    const { setConnection } = await import('./commands/connections-set.ts');
    process.exitCode = await setConnection({ ...place(), name, keys, json: options.json ?? false });
  });
connections
  .command('unset')
  .description('take a connection out of that file')
  .argument('<name>', 'its name')
  .option('--json', 'print JSON')
  .action(async (name: string, options: { json?: boolean }) => {
    const { unsetConnection } = await import('./commands/connections-set.ts');
    process.exitCode = await unsetConnection({ ...place(), name, json: options.json ?? false });
  });

const runs = program.command('runs').description('look at runs, cancel one');
runs
  .command('list', { isDefault: true })
  .description('the latest runs')
  .option('-n, --limit <count>', 'how many', positiveInteger, 20)
  .option('--json', 'print JSON')
  .action(async (options: { limit: number; json?: boolean }) => {
    const { listRuns } = await import('./commands/runs.ts');
    await listRuns({ ...place(), limit: options.limit, json: options.json ?? false });
  });
runs
  .command('show')
  .description('one run with its steps')
  .argument('<run>', 'id, or its beginning, or "last"')
  .option('--logs', 'with log lines')
  .option('--json', 'print JSON')
  .action(async (id: string, options: { logs?: boolean; json?: boolean }) => {
    const { showRun } = await import('./commands/runs.ts');
    await showRun({ ...place(), id, logs: options.logs ?? false, json: options.json ?? false });
  });
runs
  .command('logs')
  .description('what a run has said, or with -f says until it ends')
  .argument('<run>', 'id, or its beginning, or "last"')
  .option('-f, --follow', 'go on until the run ends')
  .option('--step <node>', 'only this step')
  .option('--json', 'print an event as JSON per line')
  .action(async (id: string, options: Omit<RunLogsOptions, 'id' | 'project'>) => {
    const { showLogs } = await import('./commands/run-logs.ts');
    await showLogs({ ...place(), id, ...options });
  });
for (const [name, description, isHeld] of [
  ['pause', 'stop a run or a backfill for a while; steps go on at their checkpoints', true],
  ['resume', 'let a paused run or backfill go on', false],
] as const) {
  runs
    .command(name)
    .description(description)
    .argument('<run>', 'id, or its beginning, or "last"; or the id of a backfill')
    .option('--json', 'print JSON')
    .action(async (id: string, options: { json?: boolean }) => {
      const { holdRun } = await import('./commands/runs.ts');
      await holdRun({ ...place(), id, isHeld, json: options.json ?? false });
    });
}
runs
  .command('cancel')
  .description('stop a run or a backfill, wherever it is going on')
  .argument('<run>', 'id, or its beginning, or "last"; or the id of a backfill')
  .option('--json', 'print JSON')
  .action(async (id: string, options: { json?: boolean }) => {
    const { cancelRun } = await import('./commands/runs.ts');
    await cancelRun({ ...place(), id, json: options.json ?? false });
  });

program
  .command('sql')
  .description('run a query on the warehouse or another connection')
  .argument('<query>', 'SQL; may hold {{ ref(...) }}')
  .option('-c, --connection <name>', 'another connection than the warehouse')
  .option('-l, --limit <rows>', 'print at most so many rows', positiveInteger, 100)
  .option('--json', 'print JSON')
  .action(async (query: string, options: { connection?: string; limit: number; json?: boolean }) => {
    const { sql } = await import('./commands/sql.ts');
    await sql({ ...place(), query, ...options, json: options.json ?? false });
  });

program
  .command('curate')
  .description('list assets that no report or sync reads')
  .option('--json', 'print JSON')
  .action(async (options: { json?: boolean }) => {
    const { curate } = await import('./commands/curate.ts');
    await curate({ ...place(), json: options.json ?? false });
  });

registerDbtCommands(program, place);

// Whoever reads the output may stop early, as `head` does.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(exitCodes.success);
  throw error;
});

function place(): { project: string | undefined } {
  return { project: program.opts<{ project?: string }>().project };
}

function portNumber(text: string): number {
  const value = Number(text);
  if (text === '' || !Number.isInteger(value) || value < 0 || value > 65_535) {
    throw new InvalidArgumentError('must be a port from 0 to 65535');
  }
  return value;
}

function positiveInteger(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new InvalidArgumentError('must be a whole number above 0');
  return value;
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
