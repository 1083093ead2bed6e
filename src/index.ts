export {
  defineProject,
  defineSchedule,
  defineTask,
  type ProjectDefinition,
  type ScheduleDefinition,
  type TaskContext,
  type TaskDefinition,
  type TaskResult,
} from './project/definitions.ts';
export type { AlertsDefinition } from './telemetry/alerts/definition.ts';
export type { TelemetryDefinition } from './telemetry/definition.ts';
