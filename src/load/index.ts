export { explainLoad, formatStreamPlan } from './explain.ts';
export { type KnownConnection, replicationNodes } from './nodes.ts';
export type { StreamPlan } from './plan.ts';
export { readReplication } from './project.ts';
export type { Replication } from './replication/replication.ts';
export { selectStreams } from './replication/stream-selection.ts';
export { createLoadExecutor } from './run.ts';
export { singleStreamReplication } from './single-stream.ts';
