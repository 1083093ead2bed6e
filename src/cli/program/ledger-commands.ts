import type { Command } from 'commander';
import type { Place } from '../commands/open-project.ts';

/** `ledger`. */
export function registerLedgerCommands(program: Command, place: () => Place): void {
  const ledger = program.command('ledger').description('take what runs have left to another ledger');
  ledger
    .command('export')
    .description('write all of it into a file, a line of JSON for each row')
    .argument('<file>', 'its name, or - for standard output')
    .option('--json', 'print JSON')
    .action(async (file: string, options: { json?: boolean }) => {
      const { exportLedger } = await import('../commands/ledger-archive.ts');
      await exportLedger({ ...place(), file, json: options.json ?? false });
    });
  ledger
    .command('import')
    .description('take over what such a file says, all or nothing')
    .argument('<file>', 'its name, or - for standard input')
    .option('--replace', 'delete what the ledger holds first')
    .option('--json', 'print JSON')
    .action(async (file: string, options: { replace?: boolean; json?: boolean }) => {
      const { importLedger } = await import('../commands/ledger-archive.ts');
      const isReplacing = options.replace ?? false;
      await importLedger({ ...place(), file, isReplacing, json: options.json ?? false });
    });
}
