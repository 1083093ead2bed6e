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
export {
  defineSensor,
  type SensorContext,
  type SensorDefinition,
  type SensorResult,
  type SensorRun,
} from './project/sensors/definition.ts';
export { defineWebhook, type WebhookDefinition } from './project/webhooks/definition.ts';
export type { AlertsDefinition } from './telemetry/alerts/definition.ts';
export type { TelemetryDefinition } from './telemetry/definition.ts';
