export * from './column-batch.ts';
export type * from './connection.ts';
export {
  defineConnector,
  type ConnectionRole,
  type Connector,
  type ConnectorDefinition,
  type ConnectorEnvironment,
} from './connector.ts';
export type * from './payload.ts';
export type * from './result-set.ts';
export { batchRows } from './batch-rows.ts';
export { rowBatches, type RowBatchOptions } from './row-batches.ts';
export type * from './values/row-value.ts';
export { rowsSource, type RowsRequest, type RowsSource } from './rows-source.ts';
export { VectorSlab } from './vector-slab.ts';
export type * from '../sql/data-type.ts';
export type * from '../sql/dialect.ts';
export * from '../core/errors.ts';
export { z } from 'zod';
