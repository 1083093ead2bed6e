export type { Sync } from './sync.ts';
export { readSync } from './project.ts';
export { syncKey, syncNode } from './node.ts';
export { planSync, type SyncPlan } from './plan.ts';
export { explainSync } from './explain.ts';
export { createSyncExecutor } from './run.ts';
