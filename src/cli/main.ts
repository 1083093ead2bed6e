#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { Command, CommanderError, InvalidArgumentError } from 'commander';
import { formatError, MillraceError, toFailure } from '../core/errors.ts';
import { exitCodeOfError, exitCodes } from './terminal/exit-code.ts';
import { paint, printJson } from './terminal/output.ts';

// Each command loads its own code, so that `--help` and `init` start no database driver.

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
  .option('--full-refresh', 'as a run with --full-refresh')
  .option('-r, --replication <file>', 'plan the streams of this Sling replication file')
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
  .option('--full-refresh', 'rebuild from nothing what would be continued')
  .option('-r, --replication <file>', 'run this Sling replication file')
  .option('--streams <names>', 'with -r: only these streams, by commas')
  .option('--src-conn <connection>', 'load one stream: from this connection')
  .option('--src-stream <stream>', 'load one stream: this table, query or file')
  .option('--tgt-conn <connection>', 'load one stream: into this connection')
  .option('--tgt-object <object>', 'load one stream: into this table or file')
  .option('--mode <mode>', 'full-refresh, truncate, snapshot or incremental')
  .option('-s, --select <columns>', 'with --src-stream: columns, by commas; otherwise a selection')
  .option('--where <condition>', 'with --src-stream: only these rows')
  .option('--primary-key <columns>', 'with --src-stream: key columns, by commas')
  .option('--update-key <column>', 'with --src-stream: the column that grows')
  .option('-l, --limit <rows>', 'load at most so many rows of each stream', positiveInteger)
  .option('--json', 'print JSON; no progress')
  .action(async (selection: string[], options: Record<string, unknown>) => {
    const { run } = await import('./commands/run.ts');
    process.exitCode = await run({ ...place(), selection: selection.join(' '), ...options });
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
  .command('cancel')
  .description('stop a run, wherever it is going on')
  .argument('<run>', 'id, or its beginning, or "last"')
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

function packageVersion(): string {
  const file = new URL('../../package.json', import.meta.url);
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
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
