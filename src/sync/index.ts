export type { Sync } from './sync.ts';
export { readSync } from './project.ts';
export { syncNode } from './node.ts';
export { planSync } from './plan.ts';
export { explainSync } from './explain.ts';
export { createSyncExecutor } from './run.ts';
