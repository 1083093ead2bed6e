import type { Mistakes } from '../files/mistakes.ts';
import type { ConfigEntries } from './config-layer.ts';

const strategies = ['append', 'delete+insert', 'merge', 'microbatch', 'own'] as const;
/** `own` is one that a macro of the project makes. */
export type IncrementalStrategy = (typeof strategies)[number];

/** The strategy of an incremental model; `isOwn` tells whether a macro of the project makes it. Adds `config_invalid` for one that nobody knows. */
export function readStrategy(
  entries: ConfigEntries,
  uniqueKey: readonly string[],
  mistakes: Mistakes,
  isOwn: (strategy: string) => boolean,
): IncrementalStrategy {
  const entry = entries.get('incremental_strategy');
  const usual = uniqueKey.length > 0 ? 'delete+insert' : 'append';
  if (entry?.value === undefined || entry.value === null || entry.value === 'default') return usual;
  const said = typeof entry.value === 'string' ? entry.value : '';
  if (isOwn(said)) return 'own';
  const known = strategies.find((strategy) => strategy === said && strategy !== 'own');
  if (known) return known;
  const reason =
    said === 'insert_overwrite'
      ? 'DuckDB and PostgreSQL have no partitions to overwrite'
      : `there is no macro ${strategyMacroName(said)}`;
  mistakes.add(
    `the configuration "incremental_strategy" is ${JSON.stringify(said)}: ${reason}; there are append, delete+insert, merge and microbatch`,
    { code: 'config_invalid', origin: entry.origin },
  );
  return usual;
}

/** The macro that dbt calls for an incremental strategy. */
export function strategyMacroName(strategy: string): string {
  return `get_incremental_${strategy.replaceAll('+', '_')}_sql`;
}
