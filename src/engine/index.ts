export type {
  Definitions,
  Engine,
  EngineOptions,
  OwnershipAttempt,
  StartOptions,
  TailQuery,
} from './engine.ts';
export { makePlan, type PlanRequest } from './planner.ts';
