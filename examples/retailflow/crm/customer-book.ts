import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync, type SQLInputValue } from 'node:sqlite';

/** A customer as it was sent: `external_id` and whatever else the sender maps. */
export interface CustomerRecord {
  readonly external_id: string;
  readonly [field: string]: unknown;
}

export interface CrmStats {
  readonly customers: number;
  /** All requests that change something, refused ones included. */
  readonly requests: number;
  /** Records received for insert or update, repetitions included. */
  readonly upserted: number;
  /** Customers that were removed. */
  readonly deleted: number;
  /** Batches whose content was the same as one received before. */
  readonly repeatedBatches: number;
  /** Requests answered with an injected 429 or 500. */
  readonly refused: number;
}

type Counter = Exclude<keyof CrmStats, 'customers'>;

const tables = `
  pragma journal_mode = wal;
  pragma synchronous = full;
  create table if not exists customers (external_id text primary key, record text not null) without rowid;
  create table if not exists batches (fingerprint text primary key) without rowid;
  create table if not exists counters (name text primary key, value integer not null) without rowid;
`;

/** What the CRM knows, in a SQLite file: a CRM that is killed still has all it acknowledged. */
export class CustomerBook {
  readonly #database: DatabaseSync;

  /** @param file path of the SQLite file, or `:memory:` to forget everything at the end */
  constructor(file: string) {
    if (file !== ':memory:') mkdirSync(dirname(file), { recursive: true });
    this.#database = new DatabaseSync(file);
    this.#database.exec(tables);
  }

  /** Does all of `work` or nothing of it; durable when it returns. */
  transaction(work: () => void): void {
    this.#database.exec('begin immediate');
    try {
      work();
      this.#database.exec('commit');
    } catch (error) {
      this.#database.exec('rollback');
      throw error;
    }
  }

  count(counter: Counter, by = 1): void {
    this.#run(
      'insert into counters values (?, ?) on conflict (name) do update set value = value + excluded.value',
      counter,
      by,
    );
  }

  /** True when a batch of the same content came before. */
  noteBatch(fingerprint: string): boolean {
    const isNew = this.#run('insert into batches values (?) on conflict do nothing', fingerprint) > 0;
    if (!isNew) this.count('repeatedBatches');
    return !isNew;
  }

  /** Inserts or replaces by `external_id`. */
  upsert(records: readonly CustomerRecord[]): void {
    const statement = this.#database.prepare(
      'insert into customers values (?, ?) on conflict (external_id) do update set record = excluded.record',
    );
    for (const record of records) statement.run(record.external_id, JSON.stringify(record));
    this.count('upserted', records.length);
  }

  /** Ids that are not there are no error. */
  remove(ids: readonly string[]): void {
    const statement = this.#database.prepare('delete from customers where external_id = ?');
    const removed = ids.reduce((sum, id) => sum + Number(statement.run(id).changes), 0);
    this.count('deleted', removed);
  }

  /** In order of `external_id`. */
  customers(limit: number = Number.MAX_SAFE_INTEGER): readonly CustomerRecord[] {
    const rows = this.#database
      .prepare('select record from customers order by external_id limit ?')
      .all(limit);
    return rows.map((row): CustomerRecord => JSON.parse(String(row['record'])));
  }

  stats(): CrmStats {
    const counters = this.#database.prepare('select name, value from counters').all();
    const values = new Map(counters.map((row) => [String(row['name']), Number(row['value'])]));
    const value = (counter: Counter): number => values.get(counter) ?? 0;
    return {
      customers: Number(this.#database.prepare('select count(*) as n from customers').get()?.['n']),
      requests: value('requests'),
      upserted: value('upserted'),
      deleted: value('deleted'),
      repeatedBatches: value('repeatedBatches'),
      refused: value('refused'),
    };
  }

  close(): void {
    this.#database.close();
  }

  #run(sql: string, ...values: readonly SQLInputValue[]): number {
    return Number(this.#database.prepare(sql).run(...values).changes);
  }
}
