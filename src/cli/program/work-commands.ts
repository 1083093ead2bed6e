import type { Command } from 'commander';
import { positiveInteger } from './argument.ts';
import type { Place } from '../commands/open-project.ts';

/** `plan`, `run`, `backfill`, `partitions`. */
export function registerWorkCommands(program: Command, place: () => Place): void {
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
      const { plan } = await import('../commands/plan.ts');
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
      const { run } = await import('../commands/run.ts');
      process.exitCode = await run({ ...place(), selection: selection.join(' '), ...options });
    });

  program
    .command('backfill')
    .description('make many partitions, by one run after another; without a selection, list what there is')
    .argument('[selection...]', "what to make, such as 'shop/events+'")
    .option('--partition <partitions>', "which, such as '2024-01-01..2024-01-31' or all")
    .option('--exclude <selection>', 'leave these out')
    .option('--missing', 'only what has not been made yet')
    .option('--stale', 'only what reads something that was made after it')
    .option('--include-effects', "also tasks with effects: 'external'")
    .option('--per-run <steps>', 'most steps of a run', positiveInteger)
    .option('--full-refresh', 'rebuild from nothing what would be continued')
    .option('--dry-run', 'only say what it would do and cost')
    .option('--json', 'print JSON; no progress')
    .action(async (selection: string[], options: Record<string, unknown>) => {
      const { backfill } = await import('../commands/backfill.ts');
      process.exitCode = await backfill({ ...place(), selection: selection.join(' '), ...options });
    });

  const partitions = program.command('partitions').description('partitions of assets, and their keys');
  partitions
    .command('show', { isDefault: true })
    .description('which partitions of an asset are made, failed, missing')
    .argument('<asset>', 'a key such as shop/events')
    .option('--json', 'print JSON')
    .action(async (key: string, options: { json?: boolean }) => {
      const { showPartitions } = await import('../commands/partitions.ts');
      await showPartitions({ ...place(), key, json: options.json ?? false });
    });
  partitions
    .command('add')
    .description('add keys to a list of dynamic partitions')
    .argument('<list>', 'its name')
    .argument('<keys...>', 'keys; those that are there already stay')
    .option('--json', 'print JSON')
    .action(async (set: string, keys: string[], options: { json?: boolean }) => {
      const { addPartitionKeys } = await import('../commands/partitions.ts');
      await addPartitionKeys({ ...place(), set, keys, json: options.json ?? false });
    });
}
