export { createEngine } from './create-engine.ts';
export { checkSchedules } from './cron.ts';
export type {
  Definitions,
  Engine,
  EngineOptions,
  OwnershipAttempt,
  StartOptions,
  TailQuery,
} from './engine.ts';
export { isOwnershipLive } from './ownership.ts';
export { makePlan, type PlanRequest } from './planner.ts';
