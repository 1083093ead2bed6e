import type { Connection, ConnectionProvider, HttpEndpoint, SqlDatabase } from '../connector/connection.ts';
import { ConfigError, DataError, FatalError } from '../core/errors.ts';
import type { Executor, StepOutcome } from '../core/executor.ts';
import type { GraphNode, RelationRef } from '../core/node.ts';
import { forgetFailures, readFailures } from './acknowledgement.ts';
import {
  countInvalidKeys,
  countOperations,
  countRows,
  type DiffCounts,
  diffSql,
  materializeDelta,
} from './diff.ts';
import { deleteGuardStopped, keysInvalid } from './errors.ts';
import type { Mapping } from './mapping.ts';
import { syncKey } from './node.ts';
import { mapModel } from './plan.ts';
import { sharedLimiters } from './rate-limiter.ts';
import { prepareState, type StateTables, stateTables } from './state-tables.ts';
import type { Sync } from './sync.ts';
import type { SyncRun } from './sync-run.ts';
import { type Tally, walkDelta } from './walk.ts';

/**
 * Delivers syncs.
 * @param warehouseConnection the connection that models live in
 * @param relationOf where a model's rows are
 */
export function createSyncExecutor(
  syncs: readonly Sync[],
  warehouseConnection: string,
  relationOf: (modelKey: string) => RelationRef,
  connections: ConnectionProvider,
): Executor {
  const byKey = new Map(syncs.map((sync) => [syncKey(sync.name), sync]));
  const limiterOf = sharedLimiters();
  return {
    name: 'sync',
    execute: async (node, context) => {
      const sync = byKey.get(node.key);
      if (!sync) throw new FatalError(`there is no sync behind ${node.key}`, { code: 'sync_missing' });
      const relation = relationOf(modelKey(node));
      const model = await connections(relation.connection || warehouseConnection);
      const database = databaseOf(model, sync);
      const http = httpOf(await connections(sync.destination), sync);
      const limiter = limiterOf(sync.destination, sync.rateLimit);
      return await runSync({ sync, database, model: relation, http, limiter, context });
    },
  };
}

function modelKey(node: GraphNode): string {
  const edge = node.edges.find((candidate) => candidate.kind === 'reads');
  if (edge) return edge.from;
  throw new FatalError(`${node.key} reads no model`, { code: 'sync_without_model', origin: node.origin });
}

function databaseOf(connection: Connection, sync: Sync): SqlDatabase {
  const { database } = connection;
  if (database && ['duckdb', 'postgres'].includes(database.dialect.name)) return database;
  throw new ConfigError(`sync ${sync.name}: models in ${connection.type} connections are not yet supported`, {
    code: 'not_yet_supported',
    origin: sync.modelOrigin,
    next: 'Sync from a model in DuckDB or PostgreSQL',
  });
}

function httpOf(connection: Connection, sync: Sync): HttpEndpoint {
  if (connection.http) return connection.http;
  throw new ConfigError(`${sync.destination} is a ${connection.type} connection; a sync delivers to http`, {
    code: 'destination_invalid',
    origin: sync.origin,
    next: `Give ${sync.destination} type: http in connections.yaml`,
  });
}

async function runSync(run: SyncRun): Promise<StepOutcome> {
  const { sync, database, context } = run;
  const tables = stateTables(sync.name);
  const mapping = await mapModel(sync, database, run.model);
  const startAnew = context.options.fullRefresh && context.checkpoint === undefined;
  const { batches } = await prepareState(database, sync, mapping, startAnew);
  if (startAnew) await context.saveCheckpoint({ startedAnew: true });

  const { counts, invalidRows, modelRows } = await compare(run, tables, mapping);
  const failures = await readFailures(database, tables);
  const tally = await walkDelta(run, tables, mapping, { counts, batches, failures });
  if (tally.stoppedEarly) throw rowsRefused(sync, tally);
  await forgetFailures(
    database,
    tables,
    [...failures.keys()].filter((key) => !tally.seenKeys.has(key)),
  );
  await database.execute(`drop table if exists ${database.dialect.quoteTable(tables.delta)}`);
  if (tally.failed > sync.maxFailures) throw rowsRefused(sync, tally);

  const unchanged = modelRows - invalidRows - counts.insert - counts.update;
  return {
    rows: tally.inserted + tally.updated + tally.deleted,
    metadata: {
      inserted: tally.inserted,
      updated: tally.updated,
      deleted: tally.deleted,
      failed: tally.failed,
      unchanged,
      invalid: invalidRows,
      batches: tally.batches,
      requests: tally.requests,
      retries: tally.retries,
      rateLimitWaits: tally.limitWaits,
      destination: sync.destination,
    },
  };
}

interface Comparison {
  readonly counts: DiffCounts;
  readonly invalidRows: number;
  readonly modelRows: number;
}

/** Writes the delta, after everything that can be wrong before the first call was looked at. */
async function compare(run: SyncRun, tables: StateTables, mapping: Mapping): Promise<Comparison> {
  const { sync, database, model, context } = run;
  context.progress({ phase: 'comparing' });
  const invalid = await countInvalidKeys(database, mapping, model);
  const invalidRows = invalid.nullRows + invalid.duplicateRows;
  if (invalidRows > 0) {
    if (sync.onInvalidKey === 'fail') throw keysInvalid(sync, invalid);
    context.log(
      `${invalid.nullRows} rows without a key and ${invalid.duplicateRows} with one that is not unique are left out`,
      'warn',
    );
  }
  const select = diffSql(sync, mapping, {
    dialect: database.dialect,
    model,
    acked: tables.acked,
    hasDuplicates: invalid.duplicateRows > 0,
  });
  await materializeDelta(database, tables, select, mapping, context.signal);
  const counts = await countOperations(database, database.dialect.quoteTable(tables.delta));
  const acknowledged = await countRows(database, tables.acked);
  if (exceedsDeletes(sync, counts.delete, acknowledged))
    throw deleteGuardStopped(sync, counts.delete, acknowledged);
  context.log(`${counts.insert} to insert, ${counts.update} to update, ${counts.delete} to delete`);
  return { counts, invalidRows, modelRows: await countRows(database, model) };
}

function exceedsDeletes({ maxDeletes }: Sync, deletes: number, acknowledged: number): boolean {
  return deletes > (maxDeletes.kind === 'count' ? maxDeletes.rows : maxDeletes.share * acknowledged);
}

function rowsRefused(sync: Sync, tally: Tally): DataError {
  const delivered = tally.inserted + tally.updated + tally.deleted;
  const shown = tally.refusals.map(({ key, status, error }) =>
    `  ${key}: ${status ?? ''} ${error}`.trimEnd(),
  );
  const early = tally.stoppedEarly ? ', and the run stopped early' : '';
  return new DataError(
    [`${tally.failed} rows were refused by ${sync.destination}${early}`, ...shown].join('\n'),
    {
      code: 'sync_rows_refused',
      origin: sync.origin,
      state: `${delivered} rows were acknowledged. Refused rows are kept in _millrace.sync_${sync.name}_failures and are sent again when they change.`,
      next: `Correct the rows in the model, raise max_failures, or send all again: millrace run sync/${sync.name} --full-refresh`,
    },
  );
}
