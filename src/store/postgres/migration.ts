import { FatalError } from '../../core/errors.ts';
import type { LedgerServer } from './server.ts';
import type { Session } from './session.ts';

/**
 * Each brings the schema one version further; `ledger_version` counts them. Never change one that was
 * released, add another.
 */
export const migrations: readonly string[] = [
  `
  CREATE TABLE plans (
    digest text PRIMARY KEY,
    plan json NOT NULL,
    used_at_ms bigint NOT NULL
  );

  CREATE TABLE runs (
    id text PRIMARY KEY,
    position bigint GENERATED ALWAYS AS IDENTITY,
    state text NOT NULL,
    plan_digest text NOT NULL REFERENCES plans,
    selection text NOT NULL,
    "trigger" json NOT NULL,
    schedule text,
    priority integer NOT NULL DEFAULT 0,
    created_at_ms bigint NOT NULL,
    started_at_ms bigint,
    finished_at_ms bigint,
    failure json,
    enqueued_by text,
    epoch integer NOT NULL DEFAULT 0,
    owner text,
    lease_expires_at_ms bigint
  );
  CREATE INDEX runs_open ON runs (priority DESC, created_at_ms) WHERE finished_at_ms IS NULL;
  CREATE INDEX runs_created ON runs (created_at_ms, position);
  CREATE INDEX runs_finished ON runs (finished_at_ms);
  CREATE INDEX runs_plan ON runs (plan_digest);

  CREATE TABLE steps (
    run_id text NOT NULL REFERENCES runs ON DELETE CASCADE,
    key text NOT NULL,
    position integer NOT NULL,
    state text NOT NULL,
    attempt integer NOT NULL DEFAULT 0,
    interruptions integer NOT NULL DEFAULT 0,
    started_at_ms bigint,
    finished_at_ms bigint,
    outcome json,
    failure json,
    reason text,
    checkpoint json,
    PRIMARY KEY (run_id, key)
  );

  CREATE TABLE events (
    sequence bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    run_id text NOT NULL REFERENCES runs ON DELETE CASCADE,
    at_ms bigint NOT NULL,
    type text NOT NULL,
    step text,
    detail json NOT NULL
  );
  CREATE INDEX events_run ON events (run_id, sequence);

  CREATE TABLE locks (
    lock text PRIMARY KEY,
    run_id text NOT NULL REFERENCES runs ON DELETE CASCADE,
    step text NOT NULL
  );
  CREATE INDEX locks_run ON locks (run_id);

  CREATE TABLE completions (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    key text NOT NULL,
    run_id text NOT NULL,
    finished_at_ms bigint NOT NULL,
    duration_ms bigint NOT NULL,
    outcome json NOT NULL
  );
  CREATE INDEX completions_key ON completions (key, id);
  CREATE INDEX completions_finished ON completions (finished_at_ms);
  CREATE TABLE latest_completions (
    key text PRIMARY KEY,
    completion_id bigint NOT NULL REFERENCES completions
  );
  CREATE INDEX latest_completions_completion ON latest_completions (completion_id);

  CREATE TABLE ticks (
    schedule text NOT NULL,
    nominal_at_ms bigint NOT NULL,
    at_ms bigint NOT NULL,
    run_id text,
    reason text,
    PRIMARY KEY (schedule, nominal_at_ms)
  );

  CREATE TABLE ownership (
    id integer PRIMARY KEY CHECK (id = 1),
    owner text,
    epoch integer NOT NULL,
    acquired_at_ms bigint NOT NULL,
    expires_at_ms bigint NOT NULL,
    address text
  );
  `,
  `
  CREATE TABLE notes (
    name text PRIMARY KEY,
    version bigint NOT NULL,
    value json NOT NULL
  );
  `,
  `
  CREATE TABLE trigger_ticks (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    source text NOT NULL,
    at_ms bigint NOT NULL,
    since_ms bigint NOT NULL,
    times bigint NOT NULL,
    outcome text NOT NULL,
    reason text,
    run_ids json NOT NULL,
    detail json
  );
  CREATE INDEX trigger_ticks_source ON trigger_ticks (source, id);
  CREATE TABLE run_keys (
    source text NOT NULL,
    key text NOT NULL,
    run_id text NOT NULL,
    at_ms bigint NOT NULL,
    PRIMARY KEY (source, key)
  );
  `,
  `
  CREATE TABLE partition_states (
    node text NOT NULL,
    slice text NOT NULL,
    from_index bigint NOT NULL,
    to_index bigint NOT NULL,
    state text NOT NULL,
    PRIMARY KEY (node, slice, from_index)
  );
  CREATE TABLE partition_keys (
    set_name text NOT NULL,
    position bigint NOT NULL,
    key text NOT NULL,
    added_at_ms bigint NOT NULL,
    PRIMARY KEY (set_name, position),
    UNIQUE (set_name, key)
  );
  `,
  `
  ALTER TABLE runs ADD COLUMN held_at_ms bigint;
  CREATE TABLE backfills (
    id text PRIMARY KEY,
    version bigint NOT NULL,
    is_open boolean NOT NULL,
    created_at_ms bigint NOT NULL,
    backfill json NOT NULL
  );
  CREATE INDEX backfills_open ON backfills (created_at_ms) WHERE is_open;
  CREATE INDEX backfills_created ON backfills (created_at_ms);
  `,
  'ALTER TABLE steps ADD COLUMN item json',
  `
  CREATE TABLE workers (
    owner text PRIMARY KEY,
    queue_name text NOT NULL,
    pools json NOT NULL,
    manifest_hash text NOT NULL,
    concurrency integer NOT NULL,
    started_at_ms bigint NOT NULL,
    lease_seconds double precision NOT NULL,
    expires_at timestamptz NOT NULL,
    is_draining boolean NOT NULL DEFAULT false
  );
  CREATE TABLE step_offers (
    run_id text NOT NULL REFERENCES runs ON DELETE CASCADE,
    step text NOT NULL,
    attempt integer NOT NULL,
    worker text,
    stop text,
    PRIMARY KEY (run_id, step)
  );
  CREATE INDEX step_offers_worker ON step_offers (worker) WHERE worker IS NOT NULL;
  `,
];

/** Brings the schema forward to this release's version. Processes that start at once do it one after another. */
export async function migrate(server: LedgerServer, schema: string): Promise<void> {
  if ((await server.read((session) => readVersion(session, schema))) === migrations.length) return;
  await server.write(async (session) => {
    await session.run(
      `SELECT pg_advisory_xact_lock(hashtextextended('millrace migrates ' || $1, 0))`,
      schema,
    );
    const version = await readVersion(session, schema);
    if (version > migrations.length) throw newerLedger(server, version);
    if (version === 0) await createSchema(server, session, schema);
    for (const migration of migrations.slice(version)) await session.run(migration);
    await session.run('UPDATE ledger_version SET version = $1', migrations.length);
  });
}

/** 0 when there is no ledger in that schema. */
async function readVersion(session: Session, schema: string): Promise<number> {
  // A look-up by name (`to_regclass`) may still miss a table that was committed while this one waited for its turn.
  const found = await session.get(
    `SELECT 1 FROM pg_tables WHERE schemaname = $1 AND tablename = 'ledger_version'`,
    schema,
  );
  if (!found) return 0;
  const row = await session.get(`SELECT version FROM ${schema}.ledger_version`);
  return Number(row?.['version'] ?? 0);
}

async function createSchema(server: LedgerServer, session: Session, schema: string): Promise<void> {
  const taken = await session.get(
    'SELECT relname FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace WHERE nspname = $1 LIMIT 1',
    schema,
  );
  if (taken) throw foreignSchema(server, schema);
  const existing = await session.get('SELECT 1 FROM pg_namespace WHERE nspname = $1', schema);
  if (!existing) await session.run(`CREATE SCHEMA ${schema}`);
  await session.run(`CREATE TABLE ${schema}.ledger_version (version integer NOT NULL)`);
  await session.run(`INSERT INTO ${schema}.ledger_version VALUES (0)`);
}

function newerLedger(server: LedgerServer, version: number): FatalError {
  return new FatalError(
    `The run ledger on ${server.address.name} has version ${version}, this release knows versions up to ${migrations.length}`,
    { code: 'ledger_newer', state: 'Nothing was changed.', next: 'Use the newer release that wrote it.' },
  );
}

function foreignSchema(server: LedgerServer, schema: string): FatalError {
  return new FatalError(
    `The schema ${schema} on ${server.address.name} holds other tables, not a run ledger`,
    { code: 'ledger_foreign', state: 'Nothing was changed.', next: 'Name another schema for the ledger.' },
  );
}
