import type { Command } from 'commander';
import { portNumber } from './argument.ts';
import type { Place } from '../commands/open-project.ts';
import { registerServeCommands } from './serve-commands.ts';

/** `init`, `check`, `dev`. */
export function registerProjectCommands(program: Command, place: () => Place): void {
  program
    .command('init')
    .description('make a small project that runs')
    .argument('[folder]', 'a new or empty folder', '.')
    .option('--json', 'print JSON')
    .action(async (folder: string, options: { json?: boolean }) => {
      const { init } = await import('../commands/init.ts');
      await init({ folder, json: options.json ?? false });
    });

  program
    .command('check')
    .description('find mistakes in the project without touching any system')
    .option('--connections', 'also reach every connection')
    .option('--strict', 'warnings count as mistakes')
    .option('--json', 'print JSON')
    .action(async (options: { connections?: boolean; strict?: boolean; json?: boolean }) => {
      const { check } = await import('../commands/check.ts');
      process.exitCode = await check({
        ...place(),
        connections: options.connections ?? false,
        strict: options.strict ?? false,
        json: options.json ?? false,
      });
    });

  program
    .command('dev')
    .description('serve the page, run schedules and whatever is asked for, until stopped')
    .option('--port <port>', 'port on loopback; 0 takes any free one', portNumber, 4000)
    .option('--no-schedules', 'do not run schedules')
    .option('--json', 'print one JSON line with the address')
    .action(async (options: { port: number; schedules: boolean; json?: boolean }) => {
      const { dev } = await import('../commands/dev.ts');
      process.exitCode = await dev({ ...place(), ...options, json: options.json ?? false });
    });
  registerServeCommands(program, place);
}
