export { explainLoad, formatStreamPlan, type ExplainOptions } from './explain.ts';
export { replicationNodes, type KnownConnection, type LoadSpec, type NodeOptions } from './nodes.ts';
export type { StreamPlan } from './plan.ts';
export { readReplication } from './project.ts';
export type { Replication, StreamConfig } from './replication/replication.ts';
export { selectStreams } from './replication/stream-selection.ts';
export { createLoadExecutor } from './run.ts';
export { singleStreamReplication, type SingleStreamOptions } from './single-stream.ts';
