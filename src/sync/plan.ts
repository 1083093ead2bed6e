import type { SqlDatabase } from '../connector/connection.ts';
import type { TableName } from '../sql/dialect.ts';
import { ConfigError } from '../core/errors.ts';
import { countInvalidKeys, countOperations, type DiffCounts, diffSql } from './diff.ts';
import type { InvalidKeys } from './errors.ts';
import { mapColumns, type Mapping } from './mapping.ts';
import { hasState, stateTables } from './state-tables.ts';
import type { Endpoint, Operation, Sync } from './sync.ts';

/** What a run would send now, if every row were accepted. */
export interface SyncPlan extends DiffCounts {
  readonly invalidKeys: InvalidKeys;
  /** Requests that it takes. */
  readonly calls: number;
}

/** One endpoint and the operations that go through it, in the order of delivery. */
export interface DeliveryStage {
  readonly endpoint: Endpoint;
  readonly operations: readonly Operation[];
}

/** Deletes go first, so that a name that moves from one row to another is free. */
export function deliveryStages(sync: Sync): readonly DeliveryStage[] {
  const { upsert, insert, update, delete: remove } = sync.endpoints;
  return [
    ...(remove && sync.onDelete === 'delete' ? [{ endpoint: remove, operations: ['delete'] as const }] : []),
    ...(upsert ? [{ endpoint: upsert, operations: ['insert', 'update'] as const }] : []),
    ...(insert ? [{ endpoint: insert, operations: ['insert'] as const }] : []),
    ...(update ? [{ endpoint: update, operations: ['update'] as const }] : []),
  ];
}

/** Counts what differs, without sending or writing anything. */
export async function planSync(sync: Sync, database: SqlDatabase, model: TableName): Promise<SyncPlan> {
  const mapping = await mapModel(sync, database, model);
  const invalidKeys = await countInvalidKeys(database, mapping, model);
  const known = await hasState(database, sync);
  const select = diffSql(sync, mapping, {
    dialect: database.dialect,
    model,
    hasDuplicates: invalidKeys.duplicateRows > 0,
    ...(known ? { acked: stateTables(sync.name).acked } : {}),
  });
  const counts = await countOperations(database, `(${select})`);
  const calls = deliveryStages(sync).reduce((sum, { endpoint, operations }) => {
    const rows = operations.reduce((total, operation) => total + counts[operation], 0);
    return sum + Math.ceil(rows / endpoint.batchSize);
  }, 0);
  return { ...counts, invalidKeys, calls };
}

/** Throws `ConfigError` when the model is not there or lacks a mapped column. */
export async function mapModel(sync: Sync, database: SqlDatabase, model: TableName): Promise<Mapping> {
  const schema = await database.describe(model);
  if (schema) return mapColumns(sync, schema, database.dialect);
  throw new ConfigError(`sync ${sync.name}: ${model.schema}.${model.name} does not exist`, {
    code: 'relation_missing',
    origin: sync.modelOrigin,
    next: `Build it first: millrace run +sync/${sync.name}`,
  });
}
