export { connectorSuite } from './connector-suite.ts';
export { putByTarget } from './suite-bench.ts';
export type * from './suite-options.ts';
