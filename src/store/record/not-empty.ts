import { ConfigError } from '../../core/errors.ts';

export function ledgerNotEmpty(name: string, runs: number): ConfigError {
  return new ConfigError(`The run ledger ${name} is not empty: it has ${runs} runs`, {
    code: 'ledger_not_empty',
    state: 'Nothing was changed.',
    next: 'To delete what it holds and take the archive instead, add --replace',
  });
}
