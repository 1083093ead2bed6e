import { FatalError } from '../../core/errors.ts';
import type { JsonValue } from '../../core/json.ts';
import type { Row } from './row.ts';

/** A row of a ledger as every store can read and write it. Booleans are such, JSON is what it says. */
export interface ArchiveRow {
  readonly table: string;
  readonly values: Readonly<Record<string, JsonValue>>;
}

/** A whole ledger, to be taken elsewhere. */
export interface LedgerArchive {
  /** Every row, of one state of the ledger; those that others refer to come first. */
  read(): AsyncIterable<ArchiveRow>;
  /**
   * Writes all or nothing; `isReplacing` deletes first what is there. Returns the number of runs.
   * Throws a `ConfigError` with code `ledger_not_empty` when there is something and it is not to be replaced.
   */
  write(rows: AsyncIterable<ArchiveRow>, isReplacing: boolean): Promise<number>;
  close(): Promise<void>;
}

export type ColumnKind = 'text' | 'integer' | 'boolean' | 'json';

export interface ArchiveTable {
  readonly name: string;
  readonly columns: Readonly<Record<string, ColumnKind>>;
  /** Columns that order its rows; absent: as they were written. */
  readonly order?: string;
  /** Counted by the ledger itself, and kept. */
  readonly counter?: string;
}

/**
 * What of a ledger is archived, in an order in which it can be written. Left out: who owns the project and holds locks, which
 * is of processes, not of what was done.
 */
export const archiveTables: readonly ArchiveTable[] = [
  { name: 'plans', columns: { digest: 'text', plan: 'json', used_at_ms: 'integer' }, order: 'digest' },
  {
    name: 'runs',
    columns: {
      id: 'text',
      state: 'text',
      plan_digest: 'text',
      selection: 'text',
      trigger: 'json',
      schedule: 'text',
      priority: 'integer',
      created_at_ms: 'integer',
      started_at_ms: 'integer',
      finished_at_ms: 'integer',
      failure: 'json',
      enqueued_by: 'text',
      epoch: 'integer',
      owner: 'text',
      lease_expires_at_ms: 'integer',
      held_at_ms: 'integer',
    },
  },
  {
    name: 'steps',
    columns: {
      run_id: 'text',
      key: 'text',
      position: 'integer',
      state: 'text',
      attempt: 'integer',
      interruptions: 'integer',
      started_at_ms: 'integer',
      finished_at_ms: 'integer',
      outcome: 'json',
      failure: 'json',
      reason: 'text',
      checkpoint: 'json',
      item: 'json',
    },
    order: 'run_id, position',
  },
  {
    name: 'events',
    columns: {
      sequence: 'integer',
      run_id: 'text',
      at_ms: 'integer',
      type: 'text',
      step: 'text',
      detail: 'json',
    },
    order: 'sequence',
    counter: 'sequence',
  },
  {
    name: 'completions',
    columns: {
      id: 'integer',
      key: 'text',
      run_id: 'text',
      finished_at_ms: 'integer',
      duration_ms: 'integer',
      outcome: 'json',
    },
    order: 'id',
    counter: 'id',
  },
  { name: 'latest_completions', columns: { key: 'text', completion_id: 'integer' }, order: 'completion_id' },
  {
    name: 'ticks',
    columns: { schedule: 'text', nominal_at_ms: 'integer', at_ms: 'integer', run_id: 'text', reason: 'text' },
    order: 'nominal_at_ms, schedule',
  },
  { name: 'notes', columns: { name: 'text', version: 'integer', value: 'json' }, order: 'name' },
  {
    name: 'trigger_ticks',
    columns: {
      id: 'integer',
      source: 'text',
      at_ms: 'integer',
      since_ms: 'integer',
      times: 'integer',
      outcome: 'text',
      reason: 'text',
      run_ids: 'json',
      detail: 'json',
    },
    order: 'id',
    counter: 'id',
  },
  {
    name: 'run_keys',
    columns: { source: 'text', key: 'text', run_id: 'text', at_ms: 'integer' },
    order: 'at_ms, source, key',
  },
  {
    name: 'partition_states',
    columns: { node: 'text', slice: 'text', from_index: 'integer', to_index: 'integer', state: 'text' },
    order: 'node, slice, from_index',
  },
  {
    name: 'partition_keys',
    columns: { set_name: 'text', position: 'integer', key: 'text', added_at_ms: 'integer' },
    order: 'set_name, position',
  },
  {
    name: 'backfills',
    columns: {
      id: 'text',
      version: 'integer',
      is_open: 'boolean',
      created_at_ms: 'integer',
      backfill: 'json',
    },
    order: 'created_at_ms, id',
  },
];

const byName = new Map(archiveTables.map((table) => [table.name, table]));

/** Throws a `FatalError` with code `archive_invalid` for a row that no ledger of this release can hold. */
export function tableOf({ table: name, values }: ArchiveRow): ArchiveTable {
  const table = byName.get(name);
  const unknown = table && Object.keys(values).find((column) => !(column in table.columns));
  if (table && unknown === undefined) return table;
  throw new FatalError(
    unknown === undefined
      ? `A ledger has no table ${name}`
      : `The table ${name} of a ledger has no ${unknown}`,
    { code: 'archive_invalid', next: 'Use the release of Millrace that wrote it, or a newer one' },
  );
}

/** Its column names, as both stores take them. */
export function columnList({ columns }: ArchiveTable): string {
  return Object.keys(columns)
    .map((column) => `"${column}"`)
    .join(', ');
}

/** A row of a store, in which JSON is text, as an archive has it. */
export function toArchiveRow({ name, columns }: ArchiveTable, row: Row): ArchiveRow {
  const values = Object.entries(columns).map(
    ([column, kind]) => [column, toValue(row[column], kind)] as const,
  );
  return { table: name, values: Object.fromEntries(values.filter(([, value]) => value !== null)) };
}

function toValue(value: Row[string] | undefined, kind: ColumnKind): JsonValue {
  if (value === null || value === undefined) return null;
  if (kind === 'text') return String(value);
  if (kind === 'integer') return Number(value);
  if (kind === 'boolean') return value === 't' || value === 1;
  return JSON.parse(String(value)) as JsonValue;
}
