export { connectorSuite } from './connector-suite.ts';
export { putByTarget } from './suite-bench.ts';
export type * from './suite-options.ts';
export { type Hostility, hostileSource } from './hostile-source.ts';
