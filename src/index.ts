export {
  defineAsset,
  defineProject,
  defineSchedule,
  defineTask,
  type AssetDefinition,
  type PartitionedAsset,
  type PartitionedTask,
  type PartitionList,
  type ProjectDefinition,
  type ScheduleDefinition,
  type TaskContext,
  type TaskDefinition,
  type TaskResult,
} from './project/definitions.ts';
export {
  allOf,
  byTable,
  cronPartitions,
  dailyPartitions,
  dynamicPartitions,
  hourlyPartitions,
  lagged,
  latestOnly,
  mapped,
  monthlyPartitions,
  multiPartitions,
  overlapping,
  sameKey,
  staticPartitions,
  weeklyPartitions,
  type DimensionRule,
  type KeyPartition,
  type MultiPartition,
  type Partitions,
  type Reading,
  type TimeOptions,
  type TimePartition,
} from './project/partition-definitions.ts';
export {
  defineSensor,
  type SensorContext,
  type SensorDefinition,
  type SensorResult,
  type SensorRun,
} from './project/sensors/definition.ts';
export { type Condition, eager, onCron, onMissing } from './core/condition.ts';
export { defineTrigger, type TriggerDefinition } from './project/sensors/run-definition.ts';
export { defineWebhook, type WebhookDefinition } from './project/webhooks/definition.ts';
export type { AlertsDefinition } from './telemetry/alerts/definition.ts';
export type { TelemetryDefinition } from './telemetry/definition.ts';
