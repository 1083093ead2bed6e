import type { DatabaseSync } from 'node:sqlite';
import { FatalError } from '../../core/errors.ts';

/** Marks the file as a Millrace ledger: "MLRC". */
export const applicationId = 0x4d4c5243;

/**
 * Each brings the schema one version further; `user_version` counts them. Never change one that was
 * released, add another.
 */
export const migrations: readonly string[] = [
  `
  CREATE TABLE runs (
    id TEXT PRIMARY KEY,
    state TEXT NOT NULL,
    plan TEXT NOT NULL,
    selection TEXT NOT NULL,
    "trigger" TEXT NOT NULL,
    schedule TEXT,
    created_at_ms INTEGER NOT NULL,
    started_at_ms INTEGER,
    finished_at_ms INTEGER,
    failure TEXT,
    epoch INTEGER NOT NULL DEFAULT 0,
    owner TEXT,
    lease_expires_at_ms INTEGER
  ) STRICT;
  CREATE INDEX runs_open ON runs (created_at_ms) WHERE finished_at_ms IS NULL;
  CREATE INDEX runs_created ON runs (created_at_ms);

  CREATE TABLE steps (
    run_id TEXT NOT NULL REFERENCES runs ON DELETE CASCADE,
    key TEXT NOT NULL,
    position INTEGER NOT NULL,
    state TEXT NOT NULL,
    attempt INTEGER NOT NULL DEFAULT 0,
    started_at_ms INTEGER,
    finished_at_ms INTEGER,
    outcome TEXT,
    failure TEXT,
    reason TEXT,
    checkpoint TEXT,
    PRIMARY KEY (run_id, key)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE events (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    run_id TEXT NOT NULL REFERENCES runs ON DELETE CASCADE,
    at_ms INTEGER NOT NULL,
    type TEXT NOT NULL,
    step TEXT,
    detail TEXT NOT NULL
  ) STRICT;
  CREATE INDEX events_run ON events (run_id, sequence);

  CREATE TABLE locks (
    lock TEXT PRIMARY KEY,
    run_id TEXT NOT NULL REFERENCES runs ON DELETE CASCADE,
    step TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX locks_run ON locks (run_id);

  CREATE TABLE completions (
    id INTEGER PRIMARY KEY,
    key TEXT NOT NULL,
    run_id TEXT NOT NULL,
    finished_at_ms INTEGER NOT NULL,
    duration_ms INTEGER NOT NULL,
    outcome TEXT NOT NULL
  ) STRICT;
  CREATE INDEX completions_key ON completions (key, id);
  CREATE INDEX completions_finished ON completions (finished_at_ms);
  CREATE TABLE latest_completions (
    key TEXT PRIMARY KEY,
    completion_id INTEGER NOT NULL REFERENCES completions
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX latest_completions_completion ON latest_completions (completion_id);

  CREATE TABLE ticks (
    schedule TEXT NOT NULL,
    nominal_at_ms INTEGER NOT NULL,
    at_ms INTEGER NOT NULL,
    run_id TEXT,
    reason TEXT,
    PRIMARY KEY (schedule, nominal_at_ms)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE ownership (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    owner TEXT,
    epoch INTEGER NOT NULL,
    acquired_at_ms INTEGER NOT NULL,
    expires_at_ms INTEGER NOT NULL,
    address TEXT
  ) STRICT;
  `,
  'ALTER TABLE runs ADD COLUMN enqueued_by TEXT',
  `
  ALTER TABLE runs ADD COLUMN priority INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE steps ADD COLUMN interruptions INTEGER NOT NULL DEFAULT 0;
  `,
  `
  CREATE TABLE plans (
    digest TEXT PRIMARY KEY,
    plan TEXT NOT NULL,
    used_at_ms INTEGER NOT NULL
  ) STRICT;
  ALTER TABLE runs ADD COLUMN plan_digest TEXT REFERENCES plans;
  INSERT INTO plans SELECT 'run ' || id, plan, created_at_ms FROM runs;
  UPDATE runs SET plan_digest = 'run ' || id;
  ALTER TABLE runs DROP COLUMN plan;
  CREATE INDEX runs_plan ON runs (plan_digest);
  `,
  `
  CREATE TABLE notes (
    name TEXT PRIMARY KEY,
    version INTEGER NOT NULL,
    value TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  `,
  `
  CREATE TABLE trigger_ticks (
    id INTEGER PRIMARY KEY,
    source TEXT NOT NULL,
    at_ms INTEGER NOT NULL,
    since_ms INTEGER NOT NULL,
    times INTEGER NOT NULL,
    outcome TEXT NOT NULL,
    reason TEXT,
    run_ids TEXT NOT NULL,
    detail TEXT
  ) STRICT;
  CREATE INDEX trigger_ticks_source ON trigger_ticks (source, id);
  CREATE TABLE run_keys (
    source TEXT NOT NULL,
    key TEXT NOT NULL,
    run_id TEXT NOT NULL,
    at_ms INTEGER NOT NULL,
    PRIMARY KEY (source, key)
  ) STRICT, WITHOUT ROWID;
  `,
  `
  CREATE TABLE partition_states (
    node TEXT NOT NULL,
    slice TEXT NOT NULL,
    from_index INTEGER NOT NULL,
    to_index INTEGER NOT NULL,
    state TEXT NOT NULL,
    PRIMARY KEY (node, slice, from_index)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE partition_keys (
    set_name TEXT NOT NULL,
    position INTEGER NOT NULL,
    key TEXT NOT NULL,
    added_at_ms INTEGER NOT NULL,
    PRIMARY KEY (set_name, position),
    UNIQUE (set_name, key)
  ) STRICT, WITHOUT ROWID;
  `,
  `
  ALTER TABLE runs ADD COLUMN held_at_ms INTEGER;
  CREATE TABLE backfills (
    id TEXT PRIMARY KEY,
    version INTEGER NOT NULL,
    is_open INTEGER NOT NULL,
    created_at_ms INTEGER NOT NULL,
    backfill TEXT NOT NULL
  ) STRICT;
  CREATE INDEX backfills_open ON backfills (created_at_ms) WHERE is_open = 1;
  CREATE INDEX backfills_created ON backfills (created_at_ms);
  `,
  'ALTER TABLE steps ADD COLUMN item TEXT',
];

/** Brings the schema forward to this release's version. Processes that open the file at once do it one after another. */
export function migrate(database: DatabaseSync, path: string): void {
  if (readPragma(database, 'user_version') === migrations.length) return requireLedger(database, path);
  database.exec('BEGIN IMMEDIATE');
  try {
    const version = readPragma(database, 'user_version');
    if (version > migrations.length) throw newerLedger(path, version);
    if (version > 0) requireLedger(database, path);
    else requireEmpty(database, path);
    for (const migration of migrations.slice(version)) database.exec(migration);
    database.exec(`PRAGMA application_id = ${applicationId}; PRAGMA user_version = ${migrations.length}`);
    database.exec('COMMIT');
  } catch (error) {
    if (database.isTransaction) database.exec('ROLLBACK');
    throw error;
  }
}

function requireLedger(database: DatabaseSync, path: string): void {
  if (readPragma(database, 'application_id') !== applicationId) throw foreignFile(path);
}

function requireEmpty(database: DatabaseSync, path: string): void {
  if (database.prepare('SELECT 1 FROM sqlite_schema LIMIT 1').get()) throw foreignFile(path);
}

function readPragma(database: DatabaseSync, name: 'user_version' | 'application_id'): number {
  return Number(database.prepare(`PRAGMA ${name}`).get()?.[name]);
}

function newerLedger(path: string, version: number): FatalError {
  return new FatalError(
    `The run ledger ${path} has version ${version}, this release knows versions up to ${migrations.length}`,
    { code: 'ledger_newer', state: 'Nothing was changed.', next: 'Use the newer release that wrote it.' },
  );
}

function foreignFile(path: string): FatalError {
  return new FatalError(`${path} is an SQLite file of another program, not a run ledger`, {
    code: 'ledger_foreign',
    state: 'Nothing was changed.',
    next: 'Name another file for the ledger.',
  });
}
