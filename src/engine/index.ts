export { createEngine } from './create-engine.ts';
export { checkSchedules } from './cron.ts';
export type { Engine } from './engine.ts';
export { isAliveHere, isProcessAlive } from './owner.ts';
export { isOwnershipLive } from './ownership.ts';
export { makePlan } from './planner.ts';
