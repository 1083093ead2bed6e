import type { Command } from 'commander';
import type { Place } from '../commands/open-project.ts';
import type { ServeOptions } from '../commands/serve.ts';
import type { WorkerCommandOptions } from '../commands/worker.ts';
import { portNumber, positiveInteger } from './argument.ts';

const leaseText = 'how long its work stays its own when it is silent';

/** `serve`, `worker`, and what runs in pods. */
export function registerServeCommands(program: Command, place: () => Place): void {
  program
    .command('serve')
    .description('as dev, for machines that share a project: hands steps to workers, reads the project once')
    .option('--host <address>', 'bind to this address instead of loopback; needs MILLRACE_TOKEN')
    .option('--port <port>', '0 takes any free one', portNumber, 4000)
    .option('--no-schedules', 'do not run schedules')
    .option('--no-work', 'leave steps to workers, also while there are none')
    .option('--lease <seconds>', leaseText, positiveInteger, 30)
    .option('--json', 'print one JSON line with the address')
    .action(async (options: Omit<ServeOptions, 'project'>) => {
      const { serve } = await import('../commands/serve.ts');
      process.exitCode = await serve({ ...place(), ...options });
    });
  program
    .command('worker')
    .description('do steps for a project that is served, on this or another machine')
    .option('--pool <name>', 'only steps of this pool of workers; may be given more than once', collect, [])
    .option('--concurrency <steps>', 'so many at a time', positiveInteger)
    .option('--lease <seconds>', leaseText, positiveInteger, 30)
    .option('--drain <seconds>', 'when it is stopped, steps may go on for so long', positiveInteger, 25)
    .option('--json', 'print one JSON line when it is ready')
    .action(async (options: Omit<WorkerCommandOptions, 'project'>) => {
      const { worker } = await import('../commands/worker.ts');
      process.exitCode = await worker({ ...place(), ...options });
    });
  program.command('pod-step', { hidden: true }).action(async () => {
    const { podStep } = await import('../commands/pod-step.ts');
    process.exitCode = await podStep(place().project);
  });
}

function collect(value: string, before: readonly string[]): readonly string[] {
  return [...before, value];
}
