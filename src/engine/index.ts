export { createEngine } from './create-engine.ts';
export { checkSchedules, createTimetable } from './cron.ts';
export type { Engine } from './engine.ts';
export { explainState, projectStatus, type ScheduleOutlook } from './explain-state.ts';
export type { NodeCondition, NodeState } from './node-state.ts';
export { isProcessAlive, mayBeAlive } from './owner.ts';
export { isOwnershipLive } from './ownership.ts';
export { makePlan } from './planner.ts';
export { type SensorState, sensorStates } from './trigger-state.ts';
