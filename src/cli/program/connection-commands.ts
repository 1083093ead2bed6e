import { Option, type Command } from 'commander';
import type { DiscoverOptions } from '../commands/connections-discover.ts';
import type { ExecOptions } from '../commands/connections-exec.ts';
import { positiveInteger } from './argument.ts';
import type { Place } from '../commands/open-project.ts';

/** `connections`. */
export function registerConnectionCommands(program: Command, place: () => Place): void {
  const connections = program
    .command('connections')
    .alias('conns')
    .description('list, test and look into connections');
  connections
    .command('list', { isDefault: true })
    .description('the connections and where each is declared')
    .option('--json', 'print JSON')
    .action(async (options: { json?: boolean }) => {
      const { listConnections } = await import('../commands/connections.ts');
      process.exitCode = await listConnections({ ...place(), json: options.json ?? false });
    });
  connections
    .command('test')
    .description('reach a connection, or each of them')
    .argument('[name]', 'its name')
    .option('--json', 'print JSON')
    .action(async (name: string | undefined, options: { json?: boolean }) => {
      const { testConnections } = await import('../commands/connections-test.ts');
      process.exitCode = await testConnections({ ...place(), name, json: options.json ?? false });
    });
  connections
    .command('discover')
    .description('the streams of a connection, with their keys and sizes')
    .argument('<name>', 'its name')
    .option('-p, --pattern <pattern>', "such as 'public.*' or 'data/**/*.csv'")
    .addOption(new Option('-s, --streams <pattern>', 'the same').hideHelp())
    .option('--columns', 'with the columns of each')
    .option('--recursive', 'files: also in folders below')
    .option('--json', 'print JSON')
    .action(
      async (
        name: string,
        { streams, ...options }: Omit<DiscoverOptions, 'name' | 'project'> & { readonly streams?: string },
      ) => {
        const { discoverStreams } = await import('../commands/connections-discover.ts');
        const pattern = streams === undefined ? {} : { pattern: streams };
        process.exitCode = await discoverStreams({ ...place(), name, ...pattern, ...options });
      },
    );
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
        const { executeSql } = await import('../commands/connections-exec.ts');
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
      const { setConnection } = await import('../commands/connections-set.ts');
      process.exitCode = await setConnection({ ...place(), name, keys, json: options.json ?? false });
    });
  connections
    .command('unset')
    .description('take a connection out of that file')
    .argument('<name>', 'its name')
    .option('--json', 'print JSON')
    .action(async (name: string, options: { json?: boolean }) => {
      const { unsetConnection } = await import('../commands/connections-set.ts');
      process.exitCode = await unsetConnection({ ...place(), name, json: options.json ?? false });
    });
}
