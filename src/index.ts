export {
  defineProject,
  defineSchedule,
  type ProjectDefinition,
  type ScheduleDefinition,
} from './project/settings/definitions.ts';
export { defineConnection, type ConnectionDefinition } from './project/settings/connection-definition.ts';
export {
  defineAsset,
  defineCheck,
  defineTask,
  type AssetDefinition,
  type AssetForEach,
  type CheckDefinition,
  type CheckResult,
  type CollectingAsset,
  type CollectingTask,
  type PartitionedAsset,
  type PartitionedTask,
  type PartitionList,
  type TaskContext,
  type TaskDefinition,
  type TaskForEach,
  type TaskResult,
} from './project/code/code-definitions.ts';
export type { ItemResult, ItemSource, MadeForEach } from './project/code/fan-out-definitions.ts';
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
} from './project/code/partition-definitions.ts';
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
