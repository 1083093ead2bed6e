import type { Command } from 'commander';
import type { RunLogsOptions } from '../commands/run-logs.ts';
import { positiveInteger } from './argument.ts';
import type { Place } from '../commands/open-project.ts';

/** `status`, `why`, `runs`, `sql`, `curate`. */
export function registerLookCommands(program: Command, place: () => Place): void {
  program
    .command('status')
    .description('how every node is: running, failed, missing, stale, current')
    .option('--json', 'print JSON')
    .action(async (options: { json?: boolean }) => {
      const { status } = await import('../commands/status.ts');
      await status({ ...place(), json: options.json ?? false });
    });

  program
    .command('why')
    .description('why a node is as it is, what upstream is behind, when it runs next')
    .argument('<node>', 'a key such as shop/orders')
    .option('--json', 'print JSON')
    .action(async (key: string, options: { json?: boolean }) => {
      const { why } = await import('../commands/status.ts');
      await why({ ...place(), key, json: options.json ?? false });
    });

  const runs = program.command('runs').description('look at runs, cancel one, do what one has left undone');
  runs
    .command('list', { isDefault: true })
    .description('the latest runs')
    .option('-n, --limit <count>', 'how many', positiveInteger, 20)
    .option('--json', 'print JSON')
    .action(async (options: { limit: number; json?: boolean }) => {
      const { listRuns } = await import('../commands/runs.ts');
      await listRuns({ ...place(), limit: options.limit, json: options.json ?? false });
    });
  runs
    .command('show')
    .description('one run with its steps')
    .argument('<run>', 'id, or its beginning, or "last"')
    .option('--logs', 'with log lines')
    .option('--json', 'print JSON')
    .action(async (id: string, options: { logs?: boolean; json?: boolean }) => {
      const { showRun } = await import('../commands/runs.ts');
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
      const { showLogs } = await import('../commands/run-logs.ts');
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
        const { holdRun } = await import('../commands/runs.ts');
        await holdRun({ ...place(), id, isHeld, json: options.json ?? false });
      });
  }
  runs
    .command('cancel')
    .description('stop a run or a backfill, wherever it is going on')
    .argument('<run>', 'id, or its beginning, or "last"; or the id of a backfill')
    .option('--json', 'print JSON')
    .action(async (id: string, options: { json?: boolean }) => {
      const { cancelRun } = await import('../commands/runs.ts');
      await cancelRun({ ...place(), id, json: options.json ?? false });
    });

  runs
    .command('retry')
    .description('do what a run has left undone: what failed, was skipped or cancelled')
    .argument('<run>', 'id, or its beginning, or "last"')
    .option('--json', 'print JSON; no progress')
    .action(async (id: string, options: { json?: boolean }) => {
      const { retryRun } = await import('../commands/runs-retry.ts');
      process.exitCode = await retryRun({ ...place(), id, json: options.json ?? false });
    });

  program
    .command('sql')
    .description('run a query on the warehouse or another connection')
    .argument('<query>', 'SQL; may hold {{ ref(...) }}')
    .option('-c, --connection <name>', 'another connection than the warehouse')
    .option('-l, --limit <rows>', 'print at most so many rows', positiveInteger, 100)
    .option('--json', 'print JSON')
    .action(async (query: string, options: { connection?: string; limit: number; json?: boolean }) => {
      const { sql } = await import('../commands/sql.ts');
      await sql({ ...place(), query, ...options, json: options.json ?? false });
    });

  program
    .command('curate')
    .description('list assets that no report or sync reads')
    .option('--json', 'print JSON')
    .action(async (options: { json?: boolean }) => {
      const { curate } = await import('../commands/curate.ts');
      await curate({ ...place(), json: options.json ?? false });
    });
}
