export * from './column-batch.ts';
export type * from './connection.ts';
export { defineConnector, type Connector, type ConnectorEnvironment } from './connector.ts';
export type * from './payload.ts';
export type * from './result-set.ts';
export { VectorSlab } from './vector-slab.ts';
export type * from '../sql/data-type.ts';
export type * from '../sql/dialect.ts';
export * from '../core/errors.ts';
